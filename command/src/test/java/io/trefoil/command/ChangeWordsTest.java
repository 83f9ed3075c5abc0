package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.cell.CellType;
import io.trefoil.cell.merge.KeyChange;
import io.trefoil.cell.merge.MergedKey;
import io.trefoil.cell.merge.Versions;
import io.trefoil.resp.Args;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The words of a change of several writers: what would break the order of fields is none. */
class ChangeWordsTest {
  private static KeyChange parse(String type, String field, Versions change) {
    ByteSink key = new ByteSink();
    new MergedKey().write(key);
    ByteSink value = new ByteSink();
    change.write(value);
    byte[] name = Bytes.utf8(field).array();
    byte[] typeName = Bytes.utf8(type).array();
    return ChangeWords.parse(Args.of(key.toArray(), typeName, name, value.toArray()), 0);
  }

  private static Versions put(String value) {
    Versions change = new Versions();
    new Versions().put(7, 10, Bytes.utf8(value).array(), 0, value.length(), change);
    return change;
  }

  private static Versions removed(String value) {
    Versions change = new Versions();
    put(value).remove(change);
    return change;
  }

  @ParameterizedTest
  @CsvSource({
    // type, field, value, whether it is a change
    "hash, f, v, true",
    "set, m, '', true",
    "list, aPlaceOf, v, true",
    "list, aPlaceOfSixteen., v, true",
    "list, short, v, false",
    "list, ofNineAll, v, false",
    "list, '', v, false",
    "zset, m, aScoreOf, true",
    "zset, m, short, false",
    "zset, m, '', false",
    "zset, m, ofNineAll, false",
    "string, f, v, false",
    "merged, f, v, false",
  })
  void namesOfElementsArePlacesAndScoresHaveEightBytes(
      String type, String field, String value, boolean isChange) {
    KeyChange change = parse(type, field, put(value));
    assertThat(change != null).isEqualTo(isChange);
    if (isChange) {
      assertThat(change.fields().keySet())
          .extracting(each -> each.type().redisName())
          .containsExactly(type);
    }
  }

  @Test
  void aRemovalAndWhatIsAddedToAScoreHaveNone() {
    Versions added = new Versions();
    new Versions().add(7, 10, 5, added);
    assertThat(parse("zset", "m", removed("aScoreOf"))).isNotNull();
    assertThat(parse("zset", "m", added).fields())
        .containsOnlyKeys(new KeyChange.Field(CellType.ZSET, Bytes.utf8("m")));
    assertThat(parse("list", "aPlaceOf", removed("v"))).isNotNull();
    assertThat(parse("list", "short", removed("v"))).isNull();
  }
}
