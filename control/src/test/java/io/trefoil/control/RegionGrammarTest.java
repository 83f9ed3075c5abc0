package io.trefoil.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.HostPort;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RegionGrammarTest {
  @Test
  void aRegionIsLinkedByWhereItsNodesListen() {
    assertThat(parse("link us n1.us:16379 10.0.0.1:1 [fd00::1]:65535"))
        .isEqualTo(
            new RegionStatement.Link(
                "us",
                List.of(
                    new HostPort("n1.us", 16379),
                    new HostPort("10.0.0.1", 1),
                    new HostPort("fd00::1", 65535))));
  }

  @Test
  void otherStatementsTakeANameOrNothing() {
    assertThat(parse("UNLINK us")).isEqualTo(new RegionStatement.Unlink("us"));
    assertThat(parse("list")).isEqualTo(new RegionStatement.ListAll());
    assertThat(parse("Help")).isEqualTo(new RegionStatement.Help());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "\"\" | ERR REGION: LINK, UNLINK, LIST or HELP is missing",
        "LNIK us n1:1 | ERR REGION: unknown word 'LNIK', did you mean LINK?",
        "COUNT | ERR REGION: unknown word 'COUNT'",
        "LINK | ERR REGION LINK: a region's name is missing",
        "LINK u/s n1:1 | ERR REGION LINK: a region's name is 1 to 64 letters, digits, '.', '_' or"
            + " '-', not 'u/s'",
        "LINK us | ERR REGION LINK: an address host:port is missing",
        "LINK us n1:1 n1:1 | ERR REGION LINK: address n1:1 is given twice",
        "UNLINK | ERR REGION UNLINK: a region's name is missing",
        "UNLINK us ap | ERR REGION UNLINK: nothing may follow, found 'ap'",
        "LIST us | ERR REGION LIST: nothing may follow, found 'us'",
      })
  void mistakesAreNamed(String words, String error) {
    assertThat(parse(words)).isEqualTo(new RegionStatement.Invalid(error));
  }

  @ParameterizedTest
  @CsvSource({"n1", "n1:0", "n1:65536", "fd00::1:1", "[n1]:1", "999.1.1.1:1", "0.0.0.0:1"})
  void whatNobodyCanDialIsNoAddress(String address) {
    assertThat(parse("LINK us n1:1 " + address))
        .isEqualTo(
            new RegionStatement.Invalid(
                "ERR REGION LINK: an address is host:port, with an IPv6 address in brackets and a"
                    + " port from 1 to 65535, not '"
                    + address
                    + "'"));
  }

  @Test
  void theAddressesOfARegionAreBounded() {
    List<String> words = new ArrayList<>(List.of("LINK", "us"));
    IntStream.rangeClosed(1, 32).forEach(port -> words.add("n1:" + port));
    assertThat(RegionGrammar.parse(words)).isInstanceOf(RegionStatement.Link.class);
    words.add("n1:33");
    assertThat(RegionGrammar.parse(words))
        .isEqualTo(
            new RegionStatement.Invalid("ERR REGION LINK: a region has at most 32 addresses"));
  }

  @Property
  void anyWordsGetAnAnswer(@ForAll @Size(max = 6) List<String> words) {
    assertThat(RegionGrammar.parse(words)).isNotNull();
    List<String> link = new ArrayList<>(List.of("LINK", "us"));
    link.addAll(words);
    assertThat(RegionGrammar.parse(link)).isNotNull();
  }

  private static RegionStatement parse(String words) {
    return RegionGrammar.parse(words.isEmpty() ? List.of() : List.of(words.split(" +")));
  }
}
