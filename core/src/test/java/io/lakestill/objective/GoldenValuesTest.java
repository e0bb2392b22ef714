package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.lakestill.objective.golden.GoldenCase;
import io.lakestill.objective.golden.GoldenCheck;
import io.lakestill.objective.golden.GoldenFile;
import io.lakestill.objective.golden.GoldenOutcome;
import io.lakestill.objective.logit.CrossEntropy;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every reference case of every objective, and every objective has some. */
class GoldenValuesTest {
  /** Defined in every text book; its formula is pinned by {@code CrossEntropyTest}. */
  private static final Set<String> WITHOUT_GOLDEN_FILE = Set.of(CrossEntropy.NAME);

  private static final Objectives OBJECTIVES = new Objectives();

  static List<GoldenCase> cases() throws IOException, URISyntaxException {
    Path folder = Path.of(GoldenValuesTest.class.getResource("/golden/objectives").toURI());
    List<GoldenCase> cases = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        cases.addAll(GoldenFile.read(Files.readString(file), file.getFileName().toString()));
      }
    }
    return cases;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void lossAndGradientMatchReference(GoldenCase golden) {
    GoldenOutcome outcome = new GoldenCheck(OBJECTIVES).run(golden);
    assertThat(outcome.passed()).as(outcome.line()).isTrue();
  }

  @Test
  void everyObjectiveHasReferenceCases() throws IOException, URISyntaxException {
    Set<String> uncovered = new TreeSet<>(OBJECTIVES.names());
    cases().forEach(golden -> uncovered.remove(golden.objective()));
    assertThat(uncovered).isEqualTo(WITHOUT_GOLDEN_FILE);
  }

  @Test
  void everyObjectiveHasDefaultsAndEveryDefaultAnObjective() {
    Config defaults =
        ConfigFactory.parseResources("io/lakestill/reference.conf").getConfig("defaults.objective");
    assertThat(defaults.root().keySet()).isEqualTo(OBJECTIVES.names());
    for (String name : OBJECTIVES.names()) {
      assertThat(defaults.hasPath("\"" + name + "\".weight")).as(name).isTrue();
    }
  }
}
