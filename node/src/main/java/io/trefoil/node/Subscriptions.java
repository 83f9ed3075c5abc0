package io.trefoil.node;

import io.trefoil.base.Bytes;
import io.trefoil.command.Glob;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * Who has subscribed to what on this node. A name is known for as long as somebody is subscribed to
 * it. All orders are those of subscribing. Owner thread only.
 *
 * @param <S> a subscriber
 */
final class Subscriptions<S> {
  /** What a name is. Each kind has names of its own. */
  enum Kind {
    CHANNEL,
    /** A {@link Glob} of channels. */
    PATTERN,
    /** A channel that no pattern matches. */
    SHARD_CHANNEL
  }

  private final Map<Kind, Map<Bytes, Set<S>>> subscribers = new EnumMap<>(Kind.class);
  private final Map<Bytes, Glob> globs = new HashMap<>();
  private final Map<S, Own> owns = new HashMap<>();

  /** What one subscriber is subscribed to. */
  private static final class Own {
    final Map<Kind, Set<Bytes>> names = new EnumMap<>(Kind.class);
    long bytes;

    Set<Bytes> of(Kind kind) {
      return names.getOrDefault(kind, Set.of());
    }

    boolean isEmpty() {
      return names.values().stream().allMatch(Set::isEmpty);
    }
  }

  Subscriptions() {
    for (Kind kind : Kind.values()) {
      subscribers.put(kind, new LinkedHashMap<>());
    }
  }

  /** Subscribes somebody; nothing happens when it is so already. */
  void add(S subscriber, Kind kind, Bytes name) {
    Own own = owns.computeIfAbsent(subscriber, each -> new Own());
    if (own.names.computeIfAbsent(kind, each -> new LinkedHashSet<>()).add(name)) {
      own.bytes += name.length();
      subscribers.get(kind).computeIfAbsent(name, each -> new LinkedHashSet<>()).add(subscriber);
      if (kind == Kind.PATTERN) {
        globs.computeIfAbsent(name, each -> Glob.of(each.array()));
      }
    }
  }

  /** Ends one subscription, if there is such a one. */
  void remove(S subscriber, Kind kind, Bytes name) {
    Own own = owns.get(subscriber);
    if (own == null || !own.of(kind).contains(name)) {
      return;
    }
    own.names.get(kind).remove(name);
    own.bytes -= name.length();
    if (own.isEmpty()) {
      owns.remove(subscriber);
    }
    forget(subscriber, kind, name);
  }

  private void forget(S subscriber, Kind kind, Bytes name) {
    Set<S> left = subscribers.get(kind).get(name);
    left.remove(subscriber);
    if (left.isEmpty()) {
      subscribers.get(kind).remove(name);
      if (kind == Kind.PATTERN) {
        globs.remove(name);
      }
    }
  }

  /** Ends all subscriptions of one subscriber. */
  void removeAll(S subscriber) {
    Own own = owns.remove(subscriber);
    if (own != null) {
      own.names.forEach((kind, names) -> names.forEach(name -> forget(subscriber, kind, name)));
    }
  }

  /** A copy of the names of one kind that somebody is subscribed to. */
  List<Bytes> of(S subscriber, Kind kind) {
    Own own = owns.get(subscriber);
    return own == null ? List.of() : List.copyOf(own.of(kind));
  }

  int count(S subscriber, Kind kind) {
    Own own = owns.get(subscriber);
    return own == null ? 0 : own.of(kind).size();
  }

  /** The size of all names together that somebody is subscribed to. */
  long bytes(S subscriber) {
    Own own = owns.get(subscriber);
    return own == null ? 0 : own.bytes;
  }

  /** All names of one kind. */
  Set<Bytes> names(Kind kind) {
    return Collections.unmodifiableSet(subscribers.get(kind).keySet());
  }

  /** Who is subscribed to a name. */
  Collection<S> subscribers(Kind kind, Bytes name) {
    return Collections.unmodifiableSet(subscribers.get(kind).getOrDefault(name, Set.of()));
  }

  /** Gives the patterns that match a channel, and who is subscribed to each. */
  void matching(Bytes channel, BiConsumer<Bytes, Collection<S>> receiver) {
    subscribers
        .get(Kind.PATTERN)
        .forEach(
            (pattern, some) -> {
              if (globs.get(pattern).matches(channel.array(), 0, channel.length())) {
                receiver.accept(pattern, some);
              }
            });
  }
}
