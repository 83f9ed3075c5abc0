package io.trefoil.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** How a reply is printed. Each form ends with a line break; the first two are redis-cli's. */
enum ReplyFormat {
  /** For people: types are named, strings are quoted, elements numbered. */
  PRETTY {
    @Override
    byte[] format(Reply reply) {
      StringBuilder out = new StringBuilder();
      pretty(reply, "", out);
      return out.toString().getBytes(StandardCharsets.UTF_8);
    }
  },
  /** For programs: bytes as they are, one element a line. */
  RAW {
    @Override
    byte[] format(Reply reply) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      raw(reply, out);
      out.write('\n');
      return out.toByteArray();
    }
  },
  /** One line of JSON. Bytes that are not UTF-8 become the characters U+0000 to U+00FF. */
  JSON {
    @Override
    byte[] format(Reply reply) {
      return (json(reply) + "\n").getBytes(StandardCharsets.UTF_8);
    }
  };

  abstract byte[] format(Reply reply);

  private static void pretty(Reply reply, String indent, StringBuilder out) {
    if (reply instanceof Reply.Items) {
      prettyItems((Reply.Items) reply, indent, out);
    } else if (reply instanceof Reply.Pairs) {
      prettyPairs(((Reply.Pairs) reply).values(), indent, out);
    } else if (reply instanceof Reply.Attributed) {
      prettyPairs(((Reply.Attributed) reply).attributes().values(), indent, out);
      out.append(indent);
      pretty(((Reply.Attributed) reply).reply(), indent, out);
    } else {
      out.append(prettyScalar(reply)).append('\n');
    }
  }

  private static String prettyScalar(Reply reply) {
    if (reply instanceof Reply.BulkString) {
      return quote(((Reply.BulkString) reply).bytes());
    } else if (reply instanceof Reply.Failure) {
      return "(error) " + reply.text();
    } else if (reply instanceof Reply.Int) {
      return "(integer) " + reply.text();
    } else if (reply instanceof Reply.Nil) {
      return "(nil)";
    } else if (reply instanceof Reply.Bool) {
      return "(" + reply.text() + ")";
    } else if (reply instanceof Reply.Decimal) {
      return "(double) " + reply.text();
    } else if (reply instanceof Reply.BigNumber) {
      return "(big number) " + reply.text();
    }
    return reply.text();
  }

  private static void prettyItems(Reply.Items items, String indent, StringBuilder out) {
    List<Reply> values = items.values();
    if (values.isEmpty()) {
      out.append("(empty ").append(items.kind().name().toLowerCase()).append(")\n");
      return;
    }
    String mark = items.kind() == Reply.Items.Kind.SET ? "~ " : ") ";
    int width = Integer.toString(values.size()).length();
    String deeper = indent + " ".repeat(width + mark.length());
    for (int i = 0; i < values.size(); i++) {
      // The first element stands on the line that its parent began.
      out.append(i == 0 ? "" : indent);
      out.append(String.format("%" + width + "d%s", i + 1, mark));
      pretty(values.get(i), deeper, out);
    }
  }

  private static void prettyPairs(List<Reply.Pair> pairs, String indent, StringBuilder out) {
    if (pairs.isEmpty()) {
      out.append("(empty hash)\n");
      return;
    }
    int width = Integer.toString(pairs.size()).length();
    String deeper = indent + " ".repeat(width + 2);
    for (int i = 0; i < pairs.size(); i++) {
      out.append(i == 0 ? "" : indent);
      out.append(String.format("%" + width + "d# ", i + 1));
      pretty(pairs.get(i).key(), deeper, out);
      out.setLength(out.length() - 1);
      out.append(" => ");
      int valueStart = out.length();
      pretty(pairs.get(i).value(), deeper, out);
      boolean isOneLine = out.indexOf("\n", valueStart) == out.length() - 1;
      if (!isOneLine) {
        out.insert(valueStart, "\n" + deeper);
      }
    }
  }

  /** Bytes between double quotes, with redis-cli's escapes for all but printable ASCII. */
  static String quote(byte[] bytes) {
    StringBuilder out = new StringBuilder("\"");
    for (byte b : bytes) {
      int c = b & 0xff;
      int escape = "\n\r\t\u0007\b".indexOf(c);
      if (escape >= 0) {
        out.append('\\').append("nrtab".charAt(escape));
      } else if (c == '"' || c == '\\') {
        out.append('\\').append((char) c);
      } else if (c >= ' ' && c < 0x7f) {
        out.append((char) c);
      } else {
        out.append(String.format("\\x%02x", c));
      }
    }
    return out.append('"').toString();
  }

  private static void raw(Reply reply, ByteArrayOutputStream out) {
    if (reply instanceof Reply.BulkString) {
      out.writeBytes(((Reply.BulkString) reply).bytes());
    } else if (reply instanceof Reply.Items) {
      List<Reply> values = ((Reply.Items) reply).values();
      for (int i = 0; i < values.size(); i++) {
        if (i > 0) {
          out.write('\n');
        }
        raw(values.get(i), out);
      }
    } else if (reply instanceof Reply.Pairs) {
      rawPairs(((Reply.Pairs) reply).values(), out);
    } else if (reply instanceof Reply.Attributed) {
      raw(((Reply.Attributed) reply).reply(), out);
    } else {
      out.writeBytes(reply.text().getBytes(StandardCharsets.UTF_8));
    }
  }

  private static void rawPairs(List<Reply.Pair> pairs, ByteArrayOutputStream out) {
    for (int i = 0; i < pairs.size(); i++) {
      if (i > 0) {
        out.write('\n');
      }
      raw(pairs.get(i).key(), out);
      out.write(' ');
      raw(pairs.get(i).value(), out);
    }
  }

  private static JsonNode json(Reply reply) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    if (reply instanceof Reply.Items) {
      ArrayNode array = nodes.arrayNode();
      ((Reply.Items) reply).values().forEach(value -> array.add(json(value)));
      return array;
    } else if (reply instanceof Reply.Pairs) {
      ObjectNode object = nodes.objectNode();
      ((Reply.Pairs) reply)
          .values()
          .forEach(pair -> object.set(jsonKey(pair.key()), json(pair.value())));
      return object;
    } else if (reply instanceof Reply.Attributed) {
      return json(((Reply.Attributed) reply).reply());
    } else if (reply instanceof Reply.BulkString) {
      return nodes.textNode(jsonText(((Reply.BulkString) reply).bytes()));
    } else if (reply instanceof Reply.Int) {
      return nodes.numberNode(((Reply.Int) reply).value());
    } else if (reply instanceof Reply.Nil) {
      return nodes.nullNode();
    } else if (reply instanceof Reply.Bool) {
      return nodes.booleanNode(((Reply.Bool) reply).value());
    } else if (reply instanceof Reply.Failure) {
      return nodes.objectNode().put("error", reply.text());
    }
    return jsonNumberOrText(reply, nodes);
  }

  private static JsonNode jsonNumberOrText(Reply reply, JsonNodeFactory nodes) {
    try {
      if (reply instanceof Reply.BigNumber) {
        return nodes.numberNode(new BigInteger(reply.text()));
      } else if (reply instanceof Reply.Decimal) {
        double value = Double.parseDouble(reply.text());
        return Double.isFinite(value) ? nodes.numberNode(value) : nodes.textNode(reply.text());
      }
    } catch (NumberFormatException e) {
      // JSON has no inf and nan, and a server may write what Java does not read: then it is text.
      return nodes.textNode(reply.text());
    }
    return nodes.textNode(reply.text());
  }

  /** A key that is a row or a map becomes its own JSON text: JSON's keys are strings. */
  private static String jsonKey(Reply key) {
    JsonNode node = json(key);
    return node.isContainerNode() ? node.toString() : node.asText();
  }

  private static String jsonText(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
  }
}
