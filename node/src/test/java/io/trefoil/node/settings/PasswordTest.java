package io.trefoil.node.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"sésame", "sésame\n", "sésame\r\n", "sésame\nanother line\n"})
  void thePasswordIsTheFirstLine(String content) throws IOException {
    Password password = Password.read(Files.writeString(folder.resolve("p"), content));
    assertThat(password.matches("sésame".getBytes(StandardCharsets.UTF_8))).isTrue();
    assertThat(password.matches("sésam".getBytes(StandardCharsets.UTF_8))).isFalse();
    assertThat(password.matches(new byte[0])).isFalse();
  }

  @Test
  void aPasswordDoesNotPrint() throws IOException {
    Path file = Files.writeString(folder.resolve("p"), "sesame");
    assertThat(Password.read(file)).hasToString("(hidden)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "\r\n", "\nsecond line"})
  void anEmptyFirstLineIsNoPassword(String content) throws IOException {
    Path file = Files.writeString(folder.resolve("p"), content);
    assertThatThrownBy(() -> Password.read(file)).hasMessage("its first line is empty");
  }

  @Test
  void aLongPasswordIsReadUpToItsBoundAndRefusedBeyond() throws IOException {
    Path file = Files.writeString(folder.resolve("p"), "x".repeat(Password.MAX_BYTES));
    assertThat(
            Password.read(file)
                .matches("x".repeat(Password.MAX_BYTES).getBytes(StandardCharsets.UTF_8)))
        .isTrue();
    Files.writeString(file, "x".repeat(Password.MAX_BYTES + 1));
    assertThatThrownBy(() -> Password.read(file))
        .hasMessage("its first line has more than 512 bytes");
  }

  @Test
  void aMissingFileAndAFolderAreNamedAsSuch() {
    assertThatThrownBy(() -> Password.read(folder.resolve("none"))).hasMessage("no such file");
    assertThatThrownBy(() -> Password.read(folder)).hasMessage("not a regular file");
  }
}
