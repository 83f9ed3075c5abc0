package io.trefoil.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostsTest {
  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, 127.0.0.1, true",
    "127.8.9.10, 127.8.9.10, true",
    "localhost, 127.0.0.1, true",
    "::1, ::1, true",
    "0.0.0.0, 0.0.0.0, false",
    "::, ::, false",
    "10.1.2.3, 10.1.2.3, false",
    "fe80::1, fe80::1, false",
    "::ffff:127.0.0.1, ::ffff:127.0.0.1, true",
    "::ffff:10.0.0.1, ::ffff:10.0.0.1, false"
  })
  void anAddressToBindIsAnIpAddressOrLocalhost(String text, String ip, boolean loopback) {
    assertThat(Hosts.ip(text)).contains(ip);
    assertThat(Hosts.isLoopback(ip)).isEqualTo(loopback);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "127.1",
        "256.0.0.1",
        "1.2.3",
        "1.2.3.4.5",
        "example.org",
        "*",
        ":",
        "1::2::3",
        "[::1]",
        "fe80::1%eth0",
        "127.0.0.1:80"
      })
  void whatIsNoIpAddressIsNoAddressToBind(String text) {
    assertThat(Hosts.ip(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"n1", "db-1.example.org", "db.example.org.", "10.0.0.1", "fd00::1", "a_b"})
  void aHostIsANameOrAnAddress(String text) {
    assertThat(Hosts.host(text)).contains(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "a b", "a..b", "0.0.0.0", "::", "1.2.3", "999.1.1.1", "a:1", "[::1]", "a/b"})
  void whatNobodyCanDialIsNoHost(String text) {
    assertThat(Hosts.host(text)).isEmpty();
  }

  @Test
  void addressesAreJoinedByCommas() {
    assertThat(Hosts.addresses("n1:16379, 10.0.0.2:16380,[fd00::1]:1"))
        .hasValueSatisfying(
            found ->
                assertThat(found)
                    .containsExactly(
                        new HostPort("n1", 16379),
                        new HostPort("10.0.0.2", 16380),
                        new HostPort("fd00::1", 1))
                    .extracting(HostPort::toString)
                    .containsExactly("n1:16379", "10.0.0.2:16380", "[fd00::1]:1"));
    assertThat(Hosts.addresses(" ")).hasValueSatisfying(none -> assertThat(none).isEmpty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "n1",
        "n1:",
        ":1",
        "n1:0",
        "n1:65536",
        "n1:x",
        "n1:1,",
        ",n1:1",
        "fd00::1:1",
        "[n1]x:1",
        "[n1:1",
        "n1 :1",
        "[]:1",
        "[n1]:1"
      })
  void anAddressNeedsAHostAndAPort(String text) {
    assertThat(Hosts.addresses(text)).isEmpty();
  }

  @Test
  void aListOfAddressesIsBounded() {
    assertThat(Hosts.addresses("a:1" + ",a:1".repeat(99))).isPresent();
    assertThat(Hosts.addresses("a:1" + ",a:1".repeat(100))).isEmpty();
  }
}
