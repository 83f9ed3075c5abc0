package io.trefoil.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * Lines up cells in columns, two spaces apart. A column is as wide as its widest cell; what does
 * not fit into the table's width is cut at the right.
 */
public final class TextTable {
  private final int width;
  private final List<String> headers;
  private final List<List<String>> rows = new ArrayList<>();

  /**
   * @param width characters in a line, at most
   * @param headers the columns' names; one that starts with {@code >} is aligned to the right
   */
  public TextTable(int width, String... headers) {
    this.width = width;
    this.headers = List.of(headers);
  }

  /** Adds a row; as many cells as there are columns. */
  public TextTable row(Object... cells) {
    if (cells.length != headers.size()) {
      throw new IllegalArgumentException(headers.size() + " columns, " + cells.length + " cells");
    }
    List<String> row = new ArrayList<>();
    for (Object cell : cells) {
      row.add(cell.toString());
    }
    rows.add(row);
    return this;
  }

  /** The header and the rows, without spaces at their ends. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (String header : headers) {
      names.add(isRight(header) ? header.substring(1) : header);
    }
    lines.add(line(names));
    for (List<String> row : rows) {
      lines.add(line(row));
    }
    return lines;
  }

  private String line(List<String> cells) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < cells.size(); column++) {
      String cell = cells.get(column);
      String space = " ".repeat(columnWidth(column) - cell.length());
      line.append(column == 0 ? "" : "  ");
      line.append(isRight(headers.get(column)) ? space + cell : cell + space);
    }
    return clip(line.toString().stripTrailing(), width);
  }

  private int columnWidth(int column) {
    String header = headers.get(column);
    int widest = isRight(header) ? header.length() - 1 : header.length();
    for (List<String> row : rows) {
      widest = Math.max(widest, row.get(column).length());
    }
    return widest;
  }

  private static boolean isRight(String header) {
    return header.startsWith(">");
  }

  /** The text, cut to the width with {@code ~} as its last character when it is longer. */
  public static String clip(String text, int width) {
    return text.length() <= width ? text : text.substring(0, width - 1) + "~";
  }
}
