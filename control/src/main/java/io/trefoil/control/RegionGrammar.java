package io.trefoil.control;

import io.trefoil.base.HostPort;
import io.trefoil.control.Words.Wrong;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Parses the words after {@code REGION}, for the Redis protocol and the command line alike. Words
 * are separate arguments, keywords in any case. Pure.
 */
public final class RegionGrammar {
  /** What HELP answers, a line each. */
  public static final List<String> HELP =
      List.of(
          "REGION LINK name host:port...",
          "    Tell where nodes of another region's cluster listen for peers, in place of what was"
              + " known. An IPv6 address is in brackets.",
          "REGION UNLINK name",
          "    Forget another region's cluster, which no database may have.",
          "REGION LIST",
          "REGION HELP");

  private static final List<String> STATEMENTS = List.of("LINK", "UNLINK", "LIST", "HELP");

  private RegionGrammar() {}

  /** Parses the words that follow {@code REGION}. */
  public static RegionStatement parse(List<String> words) {
    if (words.isEmpty()) {
      return new RegionStatement.Invalid("ERR REGION: " + Words.oneOf(STATEMENTS) + " is missing");
    }
    String first = Words.upper(words.get(0));
    if (!STATEMENTS.contains(first)) {
      return new RegionStatement.Invalid(
          "ERR REGION: unknown word "
              + Names.quoted(words.get(0))
              + Words.didYouMean(first, STATEMENTS));
    }
    Words rest = new Words("ERR REGION " + first + ": ", words, 1);
    try {
      RegionStatement statement = statement(first, rest);
      rest.expectEnd();
      return statement;
    } catch (Wrong wrong) {
      return new RegionStatement.Invalid(wrong.getMessage());
    }
  }

  private static RegionStatement statement(String first, Words rest) throws Wrong {
    return switch (first) {
      case "LINK" -> new RegionStatement.Link(name(rest), addresses(rest));
      case "UNLINK" -> new RegionStatement.Unlink(rest.next("a region's name"));
      case "LIST" -> new RegionStatement.ListAll();
      default -> new RegionStatement.Help();
    };
  }

  private static String name(Words rest) throws Wrong {
    String name = rest.next("a region's name");
    Optional<String> bad = Names.whyNotRegion(name);
    if (bad.isPresent()) {
      throw rest.wrong(bad.get());
    }
    return name;
  }

  private static List<HostPort> addresses(Words rest) throws Wrong {
    List<HostPort> addresses = new ArrayList<>();
    do {
      String word = rest.next("an address host:port");
      Optional<HostPort> address = HostPort.parse(word);
      if (address.isEmpty()) {
        throw rest.wrong(
            "an address is host:port, with an IPv6 address in brackets and a port from 1 to 65535,"
                + " not "
                + Names.quoted(word));
      }
      if (addresses.contains(address.get())) {
        throw rest.wrong("address " + address.get() + " is given twice");
      }
      if (addresses.size() == ClusterState.MAX_REGION_ADDRESSES) {
        throw rest.wrong(
            "a region has at most " + ClusterState.MAX_REGION_ADDRESSES + " addresses");
      }
      addresses.add(address.get());
    } while (!rest.isAtEnd());
    return addresses;
  }
}
