package io.trefoil.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.BiConsumer;

/**
 * What a command may look like, and random ones that do.
 *
 * <pre>
 * WORD        itself, rarely in small letters
 * name        something of that name, which whoever draws chooses
 * ( a | b )   one of them
 * [ a | b ]   one of them, or none
 * { a | b }   none to three of them, in any order, also twice
 * a +         once to three times
 * </pre>
 */
final class CommandGrammar {
  private static final int SMALL_LETTERS = 12;

  private final String name;
  private final Part part;

  private CommandGrammar(String name, Part part) {
    this.name = name;
    this.part = part;
  }

  /** Draws the words of a name into a command. */
  interface Names extends BiConsumer<String, List<String>> {}

  private interface Part {
    void draw(Random random, Names names, List<String> into);
  }

  /** Reads a line; its first word is the command's name. */
  static CommandGrammar of(String line) {
    List<String> tokens = List.of(line.strip().split(" +"));
    Reader reader = new Reader(tokens);
    Part part = reader.sequence();
    if (reader.at < tokens.size()) {
      throw new IllegalArgumentException(line);
    }
    return new CommandGrammar(tokens.get(0), part);
  }

  /** The first word, in capitals. */
  String name() {
    return name;
  }

  List<String> draw(Random random, Names names) {
    List<String> words = new ArrayList<>();
    part.draw(random, names, words);
    return words;
  }

  private static final class Reader {
    private final List<String> tokens;
    private int at;

    Reader(List<String> tokens) {
      this.tokens = tokens;
    }

    private boolean isNext(String token) {
      return at < tokens.size() && tokens.get(at).equals(token);
    }

    Part sequence() {
      List<Part> parts = new ArrayList<>();
      while (at < tokens.size() && !"|)]}".contains(tokens.get(at))) {
        Part part = item();
        if (isNext("+")) {
          at++;
          parts.add(
              (random, names, into) -> {
                for (int i = random.nextInt(3); i >= 0; i--) {
                  part.draw(random, names, into);
                }
              });
        } else {
          parts.add(part);
        }
      }
      return (random, names, into) -> parts.forEach(part -> part.draw(random, names, into));
    }

    private Part item() {
      String token = tokens.get(at++);
      return switch (token) {
        case "(" -> choice(")", 1, 1);
        case "[" -> choice("]", 0, 1);
        case "{" -> choice("}", 0, 3);
        default -> word(token);
      };
    }

    private Part choice(String end, int least, int most) {
      List<Part> choices = new ArrayList<>();
      choices.add(sequence());
      while (isNext("|")) {
        at++;
        choices.add(sequence());
      }
      if (!isNext(end)) {
        throw new IllegalArgumentException(tokens + " lacks " + end);
      }
      at++;
      return (random, names, into) -> {
        for (int i = least + random.nextInt(most - least + 1); i > 0; i--) {
          choices.get(random.nextInt(choices.size())).draw(random, names, into);
        }
      };
    }

    private static Part word(String token) {
      if (!token.equals(token.toUpperCase(Locale.ROOT))) {
        return (random, names, into) -> names.accept(token, into);
      }
      return (random, names, into) ->
          into.add(random.nextInt(SMALL_LETTERS) == 0 ? token.toLowerCase(Locale.ROOT) : token);
    }
  }
}
