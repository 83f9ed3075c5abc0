package io.trefoil.node.settings;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * Reads a YAML file of settings token by token, so that every error knows its line. Nested and
 * dotted keys may be mixed: {@code client: {port: 6400}} is {@code client.port: 6400}.
 */
final class SettingsFile {
  /** Settings fit many times over; what is larger is another file. */
  static final int MAX_BYTES = 1 << 18;

  private static final int MAX_DEPTH = 10;

  private final String file;
  private final YAMLParser parser;
  private final GivenSettings into;

  private SettingsFile(String file, YAMLParser parser, GivenSettings into) {
    this.file = file;
    this.parser = parser;
    this.into = into;
  }

  /** Adds what the file says to {@code into}, and what is wrong with it to the problems there. */
  static void read(String file, GivenSettings into) {
    try (YAMLParser parser = new YAMLFactory().createParser(text(Path.of(file)))) {
      new SettingsFile(file, parser, into).document();
    } catch (JsonProcessingException e) {
      String line = e.getLocation() == null ? "" : ":" + e.getLocation().getLineNr();
      into.problem(file + line, "not YAML: " + firstSentences(e.getOriginalMessage()));
    } catch (NoSuchFileException e) {
      into.problem(file, "no such file");
    } catch (AccessDeniedException e) {
      into.problem(file, "not allowed to read it");
    } catch (CharacterCodingException e) {
      into.problem(file, "not UTF-8 text");
    } catch (IOException | IllegalArgumentException e) { // the latter from Path.of
      into.problem(file, "can't be read: " + e.getMessage());
    }
  }

  private static String text(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      throw new IOException("it is a folder");
    }
    try (InputStream in = Files.newInputStream(path)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IOException("it is larger than " + Quantities.sizeText(MAX_BYTES));
      }
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    }
  }

  private void document() throws IOException {
    JsonToken token = parser.nextToken();
    if (token == null) {
      return;
    }
    if (token == JsonToken.START_OBJECT) {
      group("", 1);
    } else if (token != JsonToken.VALUE_NULL) { // null is a document of comments
      into.problem(here(""), "a file of settings has lines of 'name: value'");
      return;
    }
    if (parser.nextToken() != null) {
      into.problem(here(""), "a second document; settings are one");
    }
  }

  /** Reads the keys of a mapping up to its end. */
  private void group(String prefix, int depth) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String path = prefix + parser.currentName();
      String origin = here(path);
      JsonToken token = parser.nextToken();
      if (token == JsonToken.START_OBJECT && SettingTable.find(path).isEmpty()) {
        nested(path, origin, depth);
      } else {
        entry(path, origin, token);
      }
    }
  }

  private void nested(String path, String origin, int depth) throws IOException {
    if (depth == MAX_DEPTH) {
      into.problem(origin, "nested deeper than any setting");
      parser.skipChildren();
    } else {
      group(path + ".", depth + 1);
    }
  }

  private void entry(String path, String origin, JsonToken token) throws IOException {
    Optional<Setting<?>> known = SettingTable.find(path);
    if (known.isEmpty()) {
      into.unknown(path, origin);
      parser.skipChildren();
      return;
    }
    Setting<?> setting = known.get();
    if (setting == SettingTable.STOP_ON_STDIN_CLOSE) {
      into.refuse(setting, origin, "only a flag of the command line, --" + path);
      parser.skipChildren();
    } else if (token == JsonToken.START_ARRAY && setting.type() == SettingType.ADDRESSES) {
      list(setting, origin);
    } else if (token.isScalarValue()) {
      scalar(setting, origin);
    } else {
      into.refuse(setting, origin, "takes one value");
      parser.skipChildren();
    }
  }

  private void scalar(Setting<?> setting, String origin) throws IOException {
    if (parser.isCurrentAlias()) {
      into.refuse(setting, origin, "aliases ('*" + parser.getText() + "') are not understood here");
    } else if (parser.currentToken() == JsonToken.VALUE_NULL) {
      into.refuse(setting, origin, "has no value");
    } else {
      into.put(setting, parser.getText(), origin); // the text itself: 010 stays 010
    }
  }

  private void list(Setting<?> setting, String origin) throws IOException {
    StringJoiner items = new StringJoiner(",");
    boolean plain = true;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      plain &= parser.currentToken() == JsonToken.VALUE_STRING && !parser.isCurrentAlias();
      items.add(parser.getText());
      parser.skipChildren();
    }
    if (plain || items.length() == 0) {
      into.put(setting, items.toString(), origin);
    } else {
      into.refuse(setting, origin, "is not " + setting.type().description());
    }
  }

  private String here(String path) {
    int line = parser.currentTokenLocation().getLineNr();
    return file + ":" + line + (path.isEmpty() ? "" : ": " + path);
  }

  /** SnakeYAML's message without the excerpts of the file that it draws under each sentence. */
  private static String firstSentences(String message) {
    StringJoiner sentences = new StringJoiner(", ");
    message
        .lines()
        .filter(line -> !line.isBlank() && !Character.isWhitespace(line.charAt(0)))
        .forEach(sentences::add);
    return sentences.toString();
  }
}
