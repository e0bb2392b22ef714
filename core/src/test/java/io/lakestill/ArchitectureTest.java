package io.lakestill;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The rules of core/docs/architecture.md that a compiler does not keep. */
class ArchitectureTest {
  /** Each package sees only those before it. */
  private static final List<String> ORDER =
      List.of(
          "recipe",
          "data",
          "teacher",
          "signal",
          "metric",
          "objective",
          "student",
          "train",
          "export",
          "report");

  private static JavaClasses core;

  @BeforeAll
  static void readClasses() {
    core =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.lakestill");
  }

  static List<Integer> positions() {
    return java.util.stream.IntStream.range(0, ORDER.size() - 1).boxed().toList();
  }

  @ParameterizedTest
  @MethodSource("positions")
  void packageSeesOnlyThoseBeforeIt(int position) {
    String[] later =
        ORDER.subList(position + 1, ORDER.size()).stream()
            .map(name -> "io.lakestill." + name + "..")
            .toArray(String[]::new);
    noClasses()
        .that()
        .resideInAPackage("io.lakestill." + ORDER.get(position) + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(later)
        .check(core);
  }

  @Test
  void errorAndIoSeeNoOtherPackage() {
    noClasses()
        .that()
        .resideInAnyPackage("io.lakestill.error..", "io.lakestill.io..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            ORDER.stream().map(name -> "io.lakestill." + name + "..").toArray(String[]::new))
        .check(core);
  }

  @Test
  void bigDlStaysBehindOnePackage() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.lakestill.bigdl..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.intel.analytics..")
        .check(core);
    noClasses()
        .that()
        .resideOutsideOfPackage("io.lakestill.bigdl..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.lakestill.bigdl..")
        .check(core);
  }

  @Test
  void coreNeedsNoSparkSession() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("org.apache.spark.sql.SparkSession")
        .check(core);
  }

  @Test
  void coreNeverEndsTheJvmNorReadsItsEnvironment() {
    noClasses().should().callMethod(System.class, "exit", int.class).check(core);
    noClasses().should().callMethod(System.class, "getenv", String.class).check(core);
  }
}
