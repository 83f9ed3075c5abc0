package io.trefoil.command;

import io.trefoil.base.Bytes;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Fields;
import io.trefoil.cell.Score;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What several sorted sets come to together. A set counts as a sorted one whose scores are all 1. A
 * score that would be no number, such as infinity times zero, is 0.
 *
 * <p>Sources are looked at one after the other: cells have the fields of one key at a time.
 */
final class ZSetAlgebra {
  /** So many members are looked for in the other sources at a time. */
  private static final int BATCH = 1000;

  /** What becomes of the scores that a member has in several sources. */
  enum Aggregate {
    SUM,
    MIN,
    MAX;

    double of(double before, double score) {
      return switch (this) {
        case SUM -> orZero(before + score);
        // Of what is no number neither holds, and what was before stays.
        case MIN -> score < before ? score : before;
        case MAX -> score > before ? score : before;
      };
    }
  }

  /** A key; its type is null when it is absent. */
  private static final class Source {
    final int index;
    final CellType type;
    final long count;
    double weight = 1;

    Source(int index, CellType type, long count) {
      this.index = index;
      this.type = type;
      this.count = count;
    }
  }

  private final Call call;
  private final List<Source> sources = new ArrayList<>();
  private Aggregate aggregate = Aggregate.SUM;

  /**
   * Looks at the sources.
   *
   * @param first number of the word that is the first of them
   * @throws Refused when one is neither a set nor a sorted set
   */
  ZSetAlgebra(Call call, int first, int count) {
    this.call = call;
    for (int i = first; i < first + count; i++) {
      sources.add(source(i));
    }
  }

  private Source source(int index) {
    if (!call.find(index)) {
      return new Source(index, null, 0);
    }
    CellType type = call.cells().type();
    if (type != CellType.ZSET && type != CellType.SET) {
      throw Refused.WRONG_TYPE;
    }
    return new Source(index, type, call.fields(type, index).count());
  }

  /** Sets what the scores of source {@code number}, from 0, are multiplied by. */
  void setWeight(int number, double weight) {
    sources.get(number).weight = weight;
  }

  void setAggregate(Aggregate newAggregate) {
    aggregate = newAggregate;
  }

  private static double orZero(double score) {
    return Double.isNaN(score) ? 0 : score;
  }

  private Fields open(Source source) {
    return call.fields(source.type, source.index);
  }

  /** The score as it is stored. */
  private static double score(Source source, byte[] value, int offset) {
    return source.type == CellType.SET ? 1 : Score.read(value, offset);
  }

  /** The score of a member of a source, or NaN if it is none. */
  private double find(Source source, Fields fields, Bytes member) {
    if (!fields.find(member.array(), 0, member.length())) {
      return Double.NaN;
    }
    return source.type == CellType.SET ? 1 : ZAdd.readScore(call, fields);
  }

  /** The smallest first, as in Redis: scores are added in this order, which may matter. */
  private List<Source> bySize() {
    List<Source> sorted = new ArrayList<>(sources);
    sorted.sort(Comparator.comparingLong(source -> source.count));
    return sorted;
  }

  /** Members of any source. */
  MemberList union() {
    Map<Bytes, Double> scores = new HashMap<>();
    long[] bytes = new long[1];
    for (Source source : bySize()) {
      if (source.count > 0) {
        open(source)
            .forEach(
                (member, offset, length, value, valueOffset, valueLength) -> {
                  double score = orZero(score(source, value, valueOffset) * source.weight);
                  Bytes name = Bytes.copyOf(member, offset, length);
                  if (scores.merge(name, score, aggregate::of) == null) {
                    bytes[0] = MemberList.checkedBytes(bytes[0], length);
                  }
                });
      }
    }
    return list(scores);
  }

  private static MemberList list(Map<Bytes, Double> scores) {
    MemberList list = new MemberList();
    scores.forEach(list::add);
    list.sort();
    return list;
  }

  /** Members of all sources. */
  MemberList intersection() {
    MemberList list = new MemberList();
    intersect(
        batch -> {
          batch.forEach(candidate -> list.add(candidate.name, candidate.sum));
          return true;
        });
    list.sort();
    return list;
  }

  /**
   * How many members all sources have.
   *
   * @param limit to count no further, or 0
   */
  long intersectionCount(long limit) {
    long[] found = new long[1];
    intersect(
        batch -> {
          found[0] += batch.size();
          return limit == 0 || found[0] < limit;
        });
    return limit == 0 ? found[0] : Math.min(found[0], limit);
  }

  /** A member of the smallest source, with its score there, and what its scores come to. */
  private static final class Candidate {
    final Bytes name;
    double sum;

    Candidate(Bytes name, double sum) {
      this.name = name;
      this.sum = sum;
    }
  }

  /** Takes members that all sources have, some at a time; says whether it wants more. */
  @FunctionalInterface
  private interface Batches {
    boolean take(List<Candidate> batch);
  }

  private void intersect(Batches batches) {
    List<Source> sorted = bySize();
    Source least = sorted.get(0);
    if (least.count == 0) {
      return;
    }
    // Nothing changes meanwhile, so a scan visits every member once.
    long cursor = 0;
    boolean more;
    do {
      List<Candidate> batch = new ArrayList<>();
      cursor =
          open(least)
              .scan(
                  cursor,
                  BATCH,
                  (member, offset, length, value, valueOffset, valueLength) ->
                      batch.add(
                          new Candidate(
                              Bytes.copyOf(member, offset, length),
                              orZero(score(least, value, valueOffset) * least.weight))));
      for (Source other : sorted.subList(1, sorted.size())) {
        keep(batch, other);
      }
      more = batches.take(batch);
    } while (cursor != 0 && more);
  }

  /** Keeps the candidates that another source has, too. */
  private void keep(List<Candidate> batch, Source other) {
    Fields fields = open(other);
    batch.removeIf(
        candidate -> {
          double score = find(other, fields, candidate.name);
          candidate.sum = aggregate.of(candidate.sum, score * other.weight);
          return Double.isNaN(score);
        });
  }

  /** Members of the first source that no other has. */
  MemberList difference() {
    Map<Bytes, Double> left = new HashMap<>();
    Source first = sources.get(0);
    if (first.count > 0) {
      long[] bytes = new long[1];
      open(first)
          .forEach(
              (member, offset, length, value, valueOffset, valueLength) -> {
                bytes[0] = MemberList.checkedBytes(bytes[0], length);
                left.put(Bytes.copyOf(member, offset, length), score(first, value, valueOffset));
              });
    }
    for (Source other : sources.subList(1, sources.size())) {
      if (other.count > 0 && !left.isEmpty()) {
        subtract(left, other);
      }
    }
    return list(left);
  }

  /** Looks at the smaller of both. */
  private void subtract(Map<Bytes, Double> left, Source other) {
    Fields fields = open(other);
    if (other.count < left.size()) {
      fields.forEach(
          (member, offset, length, value, valueOffset, valueLength) ->
              left.remove(Bytes.copyOf(member, offset, length)));
    } else {
      left.keySet().removeIf(name -> fields.find(name.array(), 0, name.length()));
    }
  }
}
