package io.trefoil.node.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A page under {@code docs/} that is rendered from the code. */
public final class GeneratedPage {
  private GeneratedPage() {}

  /** Fails unless the page says what the code renders; {@code -Ddocs.rewrite} writes it first. */
  public static void assertUpToDate(String path, String rendered) throws IOException {
    Path page = Path.of("..", "docs").resolve(path);
    if (System.getProperty("docs.rewrite") != null) {
      Files.createDirectories(page.getParent());
      Files.writeString(page, rendered);
    }
    assertThat(page).as("rewrite it with -Ddocs.rewrite").hasContent(rendered);
  }
}
