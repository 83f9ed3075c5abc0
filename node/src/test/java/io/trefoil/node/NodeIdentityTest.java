package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeIdentityTest {
  private static final NodeIdentity JOINED = new NodeIdentity(-77, 1L << 62, 3, 12);

  @TempDir private Path folder;

  @Test
  void a_folder_without_one_is_a_new_disk_and_nothing_is_stored_yet() throws IOException {
    assertThat(NodeIdentity.load(folder, 42)).isEqualTo(new NodeIdentity(42, 0, 0, 0));
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void what_was_stored_last_is_loaded() throws IOException {
    new NodeIdentity(-77, 0, 0, 0).store(folder);
    new NodeIdentity(-77, 0, 0, 0).joined(1L << 62, 3, 12).store(folder);
    assertThat(NodeIdentity.load(folder, 42)).isEqualTo(JOINED);
    assertThat(folder.resolve("identity.new")).doesNotExist();
  }

  @Test
  void any_other_byte_is_refused_and_the_message_names_the_file() throws IOException {
    JOINED.store(folder);
    Path file = folder.resolve("identity");
    byte[] whole = Files.readAllBytes(file);
    for (int i = 0; i < whole.length; i++) {
      byte[] damaged = whole.clone();
      damaged[i] ^= 0x10;
      Files.write(file, damaged);
      assertThatThrownBy(() -> NodeIdentity.load(folder, 42))
          .as("byte " + i)
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith(file + " is not a readable identity: ");
    }
  }

  @Test
  void any_other_length_is_refused() throws IOException {
    JOINED.store(folder);
    Path file = folder.resolve("identity");
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length <= whole.length + 1; length++) {
      if (length != whole.length) {
        Files.write(file, Arrays.copyOf(whole, length));
        assertThatThrownBy(() -> NodeIdentity.load(folder, 42))
            .as("length " + length)
            .isInstanceOf(IOException.class);
      }
    }
  }

  @Test
  void a_newer_format_is_refused_by_its_number() throws IOException {
    JOINED.store(folder);
    Path file = folder.resolve("identity");
    byte[] newer = Files.readAllBytes(file);
    newer[4] = 2;
    Files.write(file, newer);
    assertThatThrownBy(() -> NodeIdentity.load(folder, 42))
        .hasMessageContaining("it has format 2, this version knows 1");
  }
}
