package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The recipes a person starts from. */
class ShippedRecipesTest {
  private static final Path HOME = Path.of(System.getProperty("lakestill.home"));
  private static final Path RECIPES = HOME.resolve("conf/recipes");
  private static final Path DATA = HOME.resolveSibling("shared/data");

  /** As {@code --master local[2] --properties-file conf/spark/local.conf} sets them. */
  private static final Map<String, String> SPARK =
      Map.of(
          "spark.master", "local[2]",
          "spark.ui.enabled", "false",
          "spark.driver.host", "127.0.0.1",
          "spark.driver.bindAddress", "127.0.0.1",
          "spark.sql.shuffle.partitions", "2",
          "spark.shuffle.reduceLocality.enabled", "false",
          "spark.speculation", "false",
          "spark.serializer", "org.apache.spark.serializer.JavaSerializer");

  @TempDir private Path folder;
  private final PrintStream out = System.out;
  private final PrintStream err = System.err;
  private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
  private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();

  @BeforeEach
  void setUp() {
    SPARK.forEach(System::setProperty);
  }

  @AfterEach
  void restore() {
    SPARK.keySet().forEach(System::clearProperty);
    System.setOut(out);
    System.setErr(err);
  }

  static List<Path> recipes() throws IOException {
    try (Stream<Path> files = Files.list(RECIPES)) {
      return files.filter(file -> file.toString().endsWith(".conf")).sorted().toList();
    }
  }

  @Test
  void areMoreThanTheQuickstart() throws IOException {
    assertThat(recipes()).hasSizeGreaterThanOrEqualTo(2);
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void areSoundAsShipped(Path recipe) {
    Blueprint blueprint =
        RecipeOptions.of(recipe.toString(), List.of(), Optional.empty()).blueprint();

    assertThat(blueprint.recipe().name() + ".conf").isEqualTo(recipe.getFileName().toString());
  }

  @Test
  void fashionMnistRunsFromTheTableToTheScorecard() throws IOException {
    boolean there = Files.isDirectory(DATA.resolve("fashion_mnist"));
    if ("true".equals(System.getenv("CI"))) {
      assertThat(there).as("CI needs Fashion-MNIST in " + DATA).isTrue();
    }
    assumeTrue(there, "no Fashion-MNIST beside the checkout: its recipe is not run");
    Path output = folder.resolve("out");
    capture();

    int exit =
        run(
            output,
            Map.of(
                "data.train",
                DATA.resolve("fashion_mnist/train.parquet"),
                "data.train-where",
                "sample_id < 'fmnist-train-00600'",
                "data.test",
                DATA.resolve("fashion_mnist/test.parquet"),
                "data.test-where",
                "sample_id < 'fmnist-test-00200'",
                "teacher.onnx",
                DATA.resolve("fashion_mnist_teacher/teacher.onnx"),
                "train.epochs",
                1,
                "evaluate.gates",
                "[]"));

    assertThat(exit).as(stderr.toString(StandardCharsets.UTF_8)).isZero();
    JsonNode card = new ObjectMapper().readTree(output.resolve("scorecard.json").toFile());
    assertThat(card.at("/test_rows").asInt()).isEqualTo(200);
    assertThat(card.at("/teacher/accuracy").asDouble()).isGreaterThan(0.85);
    assertThat(card.at("/student/accuracy").asDouble()).isBetween(0.0, 1.0);
    assertThat(card.at("/student/parameters").asLong()).isEqualTo(28_874);
    assertThat(output.resolve("student/student.onnx")).isNotEmptyFile();
    assertThat(output.resolve("scratch/bundle.json")).isNotEmptyFile();
    assertThat(output.resolve("scorecard.html")).isNotEmptyFile();
  }

  private static int run(Path output, Map<String, ?> settings) {
    List<String> line =
        new ArrayList<>(
            List.of(
                "run",
                "--recipe",
                RECIPES.resolve("fashion-mnist.conf").toString(),
                "--output",
                output.toString()));
    settings.forEach((key, value) -> line.addAll(List.of("--set", key + "=" + value)));
    return Lakestill.execute(line.toArray(String[]::new));
  }

  private void capture() {
    System.setOut(new PrintStream(stdout, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(stderr, true, StandardCharsets.UTF_8));
  }
}
