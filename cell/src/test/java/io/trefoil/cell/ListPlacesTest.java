package io.trefoil.cell;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ListPlacesTest {
  private static byte[] at(List<byte[]> places, int index) {
    return index < 0 || index >= places.size() ? null : places.get(index);
  }

  /** Puts a place before that of element {@code index}, and looks at it. */
  private static byte[] insert(List<byte[]> places, int index, Random random) {
    byte[] lower = at(places, index - 1);
    byte[] upper = at(places, index);
    byte[] place = ListPlaces.between(lower, upper);
    assertBetween(lower, place, upper);
    byte[] suffix = new byte[random.nextInt(12)];
    random.nextBytes(suffix);
    byte[] longer = with(place, suffix);
    assertBetween(lower, longer, upper);
    assertBetween(lower, with(place, new byte[] {0, 0}), upper);
    assertBetween(lower, with(place, new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, -1}), upper);
    if (upper != null) {
      assertThat(isBeginning(place, upper)).isFalse();
    }
    // As stores do that have to tell apart what is put in the same place at once.
    byte[] put = random.nextBoolean() ? longer : place;
    places.add(index, put);
    return put;
  }

  private static byte[] with(byte[] place, byte[] suffix) {
    byte[] longer = Arrays.copyOf(place, place.length + suffix.length);
    System.arraycopy(suffix, 0, longer, place.length, suffix.length);
    return longer;
  }

  private static boolean isBeginning(byte[] place, byte[] of) {
    return place.length <= of.length && Arrays.equals(place, 0, place.length, of, 0, place.length);
  }

  private static void assertBetween(byte[] lower, byte[] place, byte[] upper) {
    if (lower != null) {
      assertThat(Arrays.compareUnsigned(lower, place)).isNegative();
    }
    if (upper != null) {
      assertThat(Arrays.compareUnsigned(place, upper)).isNegative();
    }
  }

  @Property(tries = 200)
  void placesStayBetweenTheirNeighboursWhereverTheyArePut(@ForAll long seed) {
    Random random = new Random(seed);
    List<byte[]> places = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      insert(places, random.nextInt(places.size() + 1), random);
    }
    assertThat(places).isSortedAccordingTo(Arrays::compareUnsigned);
  }

  @Property(tries = 50)
  void placesStayBetweenNeighboursOfWhichOthersWereRemoved(@ForAll long seed) {
    Random random = new Random(seed);
    List<byte[]> places = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      insert(places, random.nextInt(places.size() + 1), random);
      if (random.nextInt(3) == 0) {
        places.remove(random.nextInt(places.size()));
      }
    }
    assertThat(places).isSortedAccordingTo(Arrays::compareUnsigned);
  }

  @Test
  void whatIsPushedAtTheEndsHasEightBytes() {
    byte[] first = ListPlaces.between(null, null);
    byte[] highest = first;
    byte[] lowest = first;
    for (int i = 0; i < 1000; i++) {
      byte[] higher = ListPlaces.between(highest, null);
      byte[] lower = ListPlaces.between(null, lowest);
      assertBetween(highest, higher, null);
      assertBetween(null, lower, lowest);
      assertThat(higher).hasSize(8);
      assertThat(lower).hasSize(8);
      highest = higher;
      lowest = lower;
    }
  }

  @Test
  void whatIsPushedAfterAnInsertedElementStillComesLast() {
    byte[] first = ListPlaces.between(null, null);
    byte[] second = ListPlaces.between(first, null);
    byte[] inserted = ListPlaces.between(first, second);
    assertThat(inserted.length).isGreaterThan(8);
    byte[] last = ListPlaces.between(inserted, null);
    assertBetween(inserted, last, null);
    byte[] before = ListPlaces.between(null, inserted);
    assertBetween(null, before, inserted);
  }

  @Test
  void namesStayShortWhereOneAfterTheOtherIsInserted() {
    for (boolean above : new boolean[] {true, false}) {
      byte[] lower = ListPlaces.between(null, null);
      byte[] upper = ListPlaces.between(lower, null);
      for (int i = 0; i < 100_000; i++) {
        byte[] place = ListPlaces.between(lower, upper);
        assertBetween(lower, place, upper);
        lower = above ? place : lower;
        upper = above ? upper : place;
        assertThat(place).hasSize(16);
      }
    }
  }
}
