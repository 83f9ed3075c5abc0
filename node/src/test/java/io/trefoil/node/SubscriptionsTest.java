package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.node.Subscriptions.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class SubscriptionsTest {
  private final Subscriptions<String> subscriptions = new Subscriptions<>();

  private static Bytes name(String text) {
    return Bytes.utf8(text);
  }

  private List<String> matching(String channel) {
    List<String> found = new ArrayList<>();
    subscriptions.matching(
        name(channel), (pattern, some) -> some.forEach(each -> found.add(pattern + " " + each)));
    return found;
  }

  @Test
  void aNameIsKnownForAsLongAsSomebodyIsSubscribedToIt() {
    subscriptions.add("ann", Kind.CHANNEL, name("news"));
    subscriptions.add("bob", Kind.CHANNEL, name("news"));
    subscriptions.add("ann", Kind.CHANNEL, name("news"));
    assertThat(subscriptions.subscribers(Kind.CHANNEL, name("news"))).containsExactly("ann", "bob");
    assertThat(subscriptions.count("ann", Kind.CHANNEL)).isEqualTo(1);
    subscriptions.remove("ann", Kind.CHANNEL, name("news"));
    assertThat(subscriptions.names(Kind.CHANNEL)).containsExactly(name("news"));
    subscriptions.remove("bob", Kind.CHANNEL, name("news"));
    assertThat(subscriptions.names(Kind.CHANNEL)).isEmpty();
    assertThat(subscriptions.subscribers(Kind.CHANNEL, name("news"))).isEmpty();
  }

  @Test
  void eachKindHasNamesOfItsOwn() {
    subscriptions.add("ann", Kind.CHANNEL, name("n*"));
    subscriptions.add("bob", Kind.SHARD_CHANNEL, name("n*"));
    subscriptions.add("cid", Kind.PATTERN, name("n*"));
    assertThat(subscriptions.subscribers(Kind.CHANNEL, name("n*"))).containsExactly("ann");
    assertThat(subscriptions.subscribers(Kind.SHARD_CHANNEL, name("n*"))).containsExactly("bob");
    assertThat(matching("news")).containsExactly("n* cid");
    subscriptions.remove("ann", Kind.PATTERN, name("n*"));
    subscriptions.remove("cid", Kind.CHANNEL, name("n*"));
    assertThat(matching("news")).containsExactly("n* cid");
  }

  @Test
  void patternsMatchAsGlobsDo() {
    subscriptions.add("ann", Kind.PATTERN, name("h[ae]llo"));
    subscriptions.add("bob", Kind.PATTERN, name("h?llo"));
    subscriptions.add("ann", Kind.PATTERN, name("*"));
    assertThat(matching("hello")).containsExactly("h[ae]llo ann", "h?llo bob", "* ann");
    assertThat(matching("hillo")).containsExactly("h?llo bob", "* ann");
    subscriptions.removeAll("ann");
    assertThat(matching("hello")).containsExactly("h?llo bob");
  }

  @Test
  void theSizeOfNamesIsThatOfThoseOneHas() {
    subscriptions.add("ann", Kind.CHANNEL, name("abc"));
    subscriptions.add("ann", Kind.CHANNEL, name("abc"));
    subscriptions.add("ann", Kind.PATTERN, name("de*"));
    assertThat(subscriptions.bytes("ann")).isEqualTo(6);
    subscriptions.remove("ann", Kind.CHANNEL, name("abc"));
    subscriptions.remove("ann", Kind.CHANNEL, name("nothing"));
    assertThat(subscriptions.bytes("ann")).isEqualTo(3);
    subscriptions.removeAll("ann");
    assertThat(subscriptions.bytes("ann")).isZero();
    assertThat(subscriptions.names(Kind.PATTERN)).isEmpty();
  }

  /** Against what is obvious: a set of triples. */
  @Property(tries = 200)
  void itKnowsWhatWasAddedAndNotRemoved(@ForAll long seed) {
    Random random = new Random(seed);
    Subscriptions<Integer> ours = new Subscriptions<>();
    Map<Integer, Set<List<Object>>> obvious = new HashMap<>();
    for (int i = 0; i < 300; i++) {
      int who = random.nextInt(4);
      Kind kind = Kind.values()[random.nextInt(3)];
      Bytes name = name("c" + random.nextInt(5));
      Set<List<Object>> own = obvious.computeIfAbsent(who, each -> new HashSet<>());
      int what = random.nextInt(10);
      if (what < 5) {
        ours.add(who, kind, name);
        own.add(List.of(kind, name));
      } else if (what < 9) {
        ours.remove(who, kind, name);
        own.remove(List.of(kind, name));
      } else {
        ours.removeAll(who);
        own.clear();
      }
      check(ours, obvious, kind, name);
    }
  }

  private static void check(
      Subscriptions<Integer> ours, Map<Integer, Set<List<Object>>> obvious, Kind kind, Bytes name) {
    Set<Integer> expected = new HashSet<>();
    Set<Bytes> names = new HashSet<>();
    obvious.forEach(
        (who, own) -> {
          Set<Bytes> ofKind = new HashSet<>();
          own.stream()
              .filter(each -> each.get(0) == kind)
              .forEach(each -> ofKind.add((Bytes) each.get(1)));
          names.addAll(ofKind);
          assertThat(ours.count(who, kind)).isEqualTo(ofKind.size());
          assertThat(new HashSet<>(ours.of(who, kind))).isEqualTo(ofKind);
          if (ofKind.contains(name)) {
            expected.add(who);
          }
        });
    assertThat(new HashSet<>(ours.subscribers(kind, name))).isEqualTo(expected);
    assertThat(ours.names(kind)).isEqualTo(names);
  }
}
