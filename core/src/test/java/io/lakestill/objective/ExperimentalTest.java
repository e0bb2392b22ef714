package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Whose equations or reductions are reconstructed says so at all three places, or at none. */
class ExperimentalTest {
  private static Set<String> experimental() {
    Objectives objectives = new Objectives();
    return objectives.names().stream()
        .filter(name -> objectives.experimental(name).isPresent())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void theTypesThatSaySoAreThoseOfTheDocumentsTable() throws IOException {
    Set<String> starred =
        Pattern.compile("`([a-z0-9-]+)`\\*")
            .matcher(Files.readString(Path.of("docs", "objectives.md")))
            .results()
            .map((MatchResult found) -> found.group(1))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(experimental()).isEqualTo(starred).contains("clkd", "wcord-gckt");
  }

  @Test
  void theJavadocSaysSoExactlyWhereTheTypeDoes() throws IOException {
    for (ObjectiveType type : ServiceLoader.load(ObjectiveType.class)) {
      String path = type.getClass().getName().replaceAll("\\$.*", "").replace('.', '/') + ".java";
      String source = Files.readString(Path.of("src", "main", "java").resolve(path));
      assertThat(source.contains("<p>Experimental: "))
          .as(type.name())
          .isEqualTo(type.experimental().isPresent());
    }
  }

  @Test
  void theReasonReadsAfterAColon() {
    Objectives objectives = new Objectives();
    for (String name : experimental()) {
      String reason = objectives.experimental(name).orElseThrow();
      assertThat(reason).as(name).hasSizeBetween(20, 120).doesNotEndWith(".");
    }
    assertThat(objectives.experimental("kd-kl")).isEmpty();
    assertThat(objectives.experimental("no-such-objective")).isEmpty();
  }
}
