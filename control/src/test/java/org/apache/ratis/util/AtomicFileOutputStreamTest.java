package org.apache.ratis.util;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileOutputStreamTest {
  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("raft-meta");
    Files.writeString(file, "old");
  }

  private void write(String text) throws IOException {
    try (AtomicFileOutputStream out = new AtomicFileOutputStream(file.toFile())) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
      assertThat(file).hasContent("old");
    }
  }

  @Test
  void a_file_that_is_closed_replaces_the_old_one() throws IOException {
    write("new");
    assertThat(file).hasContent("new");
    assertThat(folder).isDirectoryContaining(each -> each.equals(file));
    assertThat(folder.toFile().list()).hasSize(1);
  }

  @Test
  void a_file_to_which_a_write_failed_is_left_as_it_was() {
    assertThatThrownBy(
            () -> {
              try (AtomicFileOutputStream out = new AtomicFileOutputStream(file.toFile())) {
                out.write('n');
                out.write(new byte[1], 0, 2); // fails, as writing to a full disk does
              }
            })
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(file).hasContent("old");
    assertThat(folder.toFile().list()).hasSize(1);
  }

  @Test
  void an_aborted_file_is_left_as_it_was() throws IOException {
    try (AtomicFileOutputStream out = new AtomicFileOutputStream(file.toFile())) {
      out.write('n');
      out.abort();
    }
    assertThat(file).hasContent("old");
    assertThat(folder.toFile().list()).hasSize(1);
  }
}
