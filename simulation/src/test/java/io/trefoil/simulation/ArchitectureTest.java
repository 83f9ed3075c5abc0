package io.trefoil.simulation;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which way the arrows point, over all classes on the class path. */
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.trefoil");

  /** In the order of the parent pom: a module may depend only on those before it. */
  private static final List<String> MODULES =
      List.of(
          "base",
          "cell",
          "replication",
          "partition",
          "resp",
          "journal",
          "storage",
          "command",
          "transport",
          "control",
          "check",
          "node",
          "cli",
          "simulation",
          "chaos",
          "bench");

  private static String in(String module) {
    return "io.trefoil." + module + "..";
  }

  private static void check(ArchRule rule) {
    rule.allowEmptyShould(true).check(CLASSES);
  }

  static Stream<String> modules() {
    return MODULES.stream();
  }

  @ParameterizedTest
  @MethodSource("modules")
  void arrowsPointOnlyToModulesBefore(String module) {
    String[] later =
        MODULES.subList(MODULES.indexOf(module) + 1, MODULES.size()).stream()
            .map(ArchitectureTest::in)
            .toArray(String[]::new);
    if (later.length > 0) {
      check(
          noClasses()
              .that()
              .resideInAPackage(in(module))
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(later));
    }
  }

  @Test
  void everyClassBelongsToAKnownModule() {
    String[] known = MODULES.stream().map(ArchitectureTest::in).toArray(String[]::new);
    check(classes().should().resideInAnyPackage(known));
    assertThat(CLASSES).isNotEmpty();
  }

  @Test
  void replicationDependsOnTheLanguageAndOnBaseAlone() {
    check(
        classes()
            .that()
            .resideInAPackage(in("replication"))
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("java..", in("base"), in("replication")));
  }

  /** The same events in the same order give the same effects, on every run. */
  @Test
  void replicationReadsNoClockAndDrawsNoChanceAndTouchesNothingOutside() {
    check(
        noClasses()
            .that()
            .resideInAPackage(in("replication"))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.io..", "java.nio.file..", "java.nio.channels..", "java.net..")
            .orShould()
            .dependOnClassesThat()
            .resideInAnyPackage("java.time..", "java.util.concurrent..", "java.security..")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.lang.Thread")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.util.Random")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.util.SplittableRandom")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.util.UUID")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("io.trefoil.base.Clock")
            .orShould()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(Math.class, "random"));
  }

  /** Their order is salted anew in every process. */
  @Test
  void replicationHasNoCollectionsOrderedByHash() {
    check(
        noClasses()
            .that()
            .resideInAPackage(in("replication"))
            .should()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.util.HashMap")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.util.HashSet")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.util.IdentityHashMap")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.util.stream.Collectors")
            .orShould()
            .callMethodWhere(
                target(owner(type(Map.class).or(type(Set.class))))
                    .and(target(nameMatching("of|ofEntries|copyOf")))));
  }

  @Test
  void theKernelKnowsNoProtocol() {
    check(
        noClasses()
            .that()
            .resideInAPackage("io.trefoil.replication.kernel..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "io.trefoil.replication.singleleader..",
                "io.trefoil.replication.leaderless..",
                "io.trefoil.replication.multileader.."));
  }

  @Test
  void protocolsDoNotKnowEachOther() {
    List<String> protocols = List.of("singleleader", "leaderless", "multileader");
    for (String one : protocols) {
      String[] others =
          protocols.stream()
              .filter(it -> !it.equals(one))
              .map(it -> "io.trefoil.replication." + it + "..")
              .toArray(String[]::new);
      check(
          noClasses()
              .that()
              .resideInAPackage("io.trefoil.replication." + one + "..")
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(others));
    }
  }

  @Test
  void onlyTheFrontOfRespKnowsSockets() {
    check(
        noClasses()
            .that()
            .resideInAPackage(in("resp"))
            .and()
            .resideOutsideOfPackage("io.trefoil.resp.front..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.netty.."));
  }

  @Test
  void commandsDoNotSeeSockets() {
    check(
        noClasses()
            .that()
            .resideInAPackage(in("command"))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.netty..", "io.trefoil.resp.front.."));
  }
}
