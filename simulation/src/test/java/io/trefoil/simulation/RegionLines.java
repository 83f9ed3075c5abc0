package io.trefoil.simulation;

import io.trefoil.base.ByteSource;
import io.trefoil.replication.multileader.Piece;
import io.trefoil.replication.multileader.RegionMessage;
import io.trefoil.replication.multileader.RegionOrigin;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The lines of a trace between regions, which have names there and numbers in the protocol. */
final class RegionLines {
  private final List<String> names;

  RegionLines(List<String> names) {
    this.names = List.copyOf(names);
  }

  String name(int region) {
    return names.get(region - 1);
  }

  String of(RegionMessage message) {
    if (message instanceof RegionMessage.Pull it) {
      return "Pull after " + it.after() + ", wants " + names(it.wants());
    }
    if (message instanceof RegionMessage.Acked it) {
      return "Acked up to " + it.upTo();
    }
    if (message instanceof RegionMessage.TooOld) {
      return "TooOld";
    }
    RegionMessage.Batch it = (RegionMessage.Batch) message;
    String pieces = it.pieces().isEmpty() ? "nothing for others" : pieces(it.pieces());
    return it.after().equals(it.upTo())
        ? "Batch at " + it.upTo()
        : "Batch " + it.after() + " to " + it.upTo() + ": " + pieces;
  }

  private String names(Collection<Integer> regions) {
    return regions.isEmpty()
        ? "words only"
        : regions.stream().map(this::name).collect(Collectors.joining(" "));
  }

  String pieces(List<Piece> pieces) {
    return pieces.stream().map(this::of).collect(Collectors.joining(", "));
  }

  /** {@code eu/1:3 [a]}, or only a word: {@code word eu/1:3}. */
  String of(Piece piece) {
    String last = origin(piece.origin()) + ":" + piece.index();
    return piece.isWord() ? "word " + last : last + " " + texts(piece);
  }

  String origin(int origin) {
    return name(RegionOrigin.regionOf(origin)) + "/" + RegionOrigin.epochOf(origin);
  }

  /** What entries of a piece say. */
  static List<String> texts(Piece piece) {
    List<String> texts = new ArrayList<>();
    ByteSource source = new ByteSource(piece.body().array());
    for (int i = 0; i < piece.count(); i++) {
      texts.add(source.getText());
    }
    return texts;
  }

  /** As in {@code eu/1:3 us/1:2}; the own epoch, of which everything is there, is left out. */
  String vector(SortedMap<Integer, Long> vector) {
    SortedMap<Integer, Long> shown = new TreeMap<>(vector);
    shown.values().removeIf(index -> index == Long.MAX_VALUE);
    return shown.isEmpty()
        ? "of nothing else"
        : shown.entrySet().stream().map(this::of).collect(Collectors.joining(" "));
  }

  private String of(Map.Entry<Integer, Long> upTo) {
    return origin(upTo.getKey()) + ":" + upTo.getValue();
  }
}
