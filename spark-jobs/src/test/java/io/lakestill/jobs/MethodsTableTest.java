package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The document's table of methods says what the recipes do. */
class MethodsTableTest {
  private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  private static final Path METHODS = HOME.resolve("conf/recipes/methods");
  private static final Path TABLE = HOME.resolve("core/docs/methods.md");

  private static final Pattern RECIPE = Pattern.compile("`([a-z0-9-]+)\\.conf`");
  private static final Pattern OBJECTIVE = Pattern.compile("`([a-z0-9-]+)`");
  private static final int OBJECTIVES = 4;
  private static final int CELLS = 8;

  static List<String> methods() throws IOException {
    try (Stream<Path> files = Files.list(METHODS)) {
      return files
          .map(file -> file.getFileName().toString().replaceFirst("\\.conf$", ""))
          .sorted()
          .toList();
    }
  }

  /** The cells of each row by the recipe it names first. */
  private static Map<String, String[]> rows() throws IOException {
    Map<String, String[]> rows = new TreeMap<>();
    for (String line : Files.readAllLines(TABLE)) {
      String[] cells = line.split("\\|");
      if (line.startsWith("|") && line.endsWith("|") && cells.length > CELLS) {
        RECIPE.matcher(line).results().limit(1).forEach(found -> rows.put(found.group(1), cells));
      }
    }
    return rows;
  }

  @Test
  void hasEveryRecipeAndNoOther() throws IOException {
    assertThat(rows().keySet()).containsExactlyElementsOf(methods());
  }

  @ParameterizedTest
  @MethodSource("methods")
  void namesTheObjectivesOfTheRecipe(String method) throws IOException {
    var recipe = ConfigFactory.parseFile(METHODS.resolve(method + ".conf").toFile());

    assertThat(OBJECTIVE.matcher(rows().get(method)[OBJECTIVES]).results())
        .map(found -> found.group(1))
        .containsExactlyInAnyOrderElementsOf(
            recipe.getConfigList("train.objectives").stream()
                .map(term -> term.getString("type"))
                .collect(Collectors.toSet()));
  }
}
