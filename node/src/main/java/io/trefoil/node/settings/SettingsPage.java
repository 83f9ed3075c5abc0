package io.trefoil.node.settings;

/** The operations page of the settings, rendered from {@link SettingTable}. */
final class SettingsPage {
  private static final String INTRODUCTION =
      """
      # Settings of a node

      <!-- Rendered from the table in the code; a test compares the two. -->

      A node reads a YAML file and flags with the same names; flags win. Keys may be nested or dotted.

      ```
      client:
        port: 6400            # the same as  client.port: 6400  and as the flag  --client.port 6400
      ```

      - A size is a whole number with `b`, `kb`, `mb`, `gb` or `tb` (powers of 1,024); without a unit it is bytes.
      - A duration is a whole number with `ms`, `s`, `m` or `h`.
      - Relative paths are relative to the folder that the node is started in.
      - `--insecure` and `--stop-on-stdin-close` alone mean `true`; `--insecure=false` is the other.
      - A node that can't start with its settings names everything that is wrong with them and exits with 2.

      """;

  private static final String SECURITY =
      """

      ## What is open to whom

      By default every port is open to this machine alone.

      - `client.bind` beyond loopback needs `client.password-file`.
      - `peer.bind` beyond loopback, which opens the peer and the control port, needs `insecure: true`: nodes
        neither encrypt nor authenticate what they tell each other. Do it only on a network that you trust.
      - Nobody can dial `0.0.0.0` or `::`: a node that binds to them needs `client.advertise` or `peer.advertise`.
      - The HTTP port is always on the loopback address.
      """;

  private SettingsPage() {}

  static String markdown() {
    StringBuilder page = new StringBuilder(INTRODUCTION);
    page.append("| Setting | Default | Value | Meaning |\n|---|---|---|---|\n");
    for (Setting<?> setting : SettingTable.ALL) {
      page.append("| `").append(setting.path());
      page.append("` | ").append(setting.shownDefault());
      page.append(" | ").append(setting.type().description());
      page.append(" | ").append(setting.meaning()).append(" |\n");
    }
    return page.append(SECURITY).toString();
  }
}
