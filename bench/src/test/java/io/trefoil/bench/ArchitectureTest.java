package io.trefoil.bench;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class ArchitectureTest {
  /** Nothing here sets the node's log up, which then tells of every class. */
  @BeforeAll
  static void beQuiet() {
    ((Logger) LoggerFactory.getLogger("com.tngtech")).setLevel(Level.WARN);
  }

  /** It sees what any client sees. The loops inside a node are measured apart. */
  @Test
  void theClientKnowsNothingOfANode() {
    classes()
        .that()
        .resideInAnyPackage("io.trefoil.bench", "io.trefoil.bench.load", "io.trefoil.bench.server")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "picocli..",
            "org.HdrHistogram..",
            "com.fasterxml.jackson..",
            "io.trefoil.cli..",
            "io.trefoil.bench",
            "io.trefoil.bench.load",
            "io.trefoil.bench.server")
        .check(
            new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.trefoil.bench"));
  }
}
