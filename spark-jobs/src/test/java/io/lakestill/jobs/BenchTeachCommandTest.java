package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.export.OnnxWriter;
import io.lakestill.student.Mlp;
import io.lakestill.student.Parameters;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchTeachCommandTest {
  @TempDir Path folder;

  @Test
  void timesATeacherOfItsOwnOnRowsItMakesUp() {
    CommandLineRun run = bench("--teacher", "mlp", "--rows", "1000", "--repeats", "1");

    assertThat(run.exit()).as(run.err()).isZero();
    JsonNode summary = run.summary();
    assertThat(summary.get("rows_per_second").doubleValue()).isPositive();
    assertThat(summary.get("ratio").doubleValue())
        .isEqualTo(
            summary.get("rows_per_second").doubleValue()
                / summary.get("bare_rows_per_second").doubleValue());
    assertThat(summary.get("pass_ratio").doubleValue())
        .as("of the pass without what comes before and after")
        .isGreaterThan(summary.get("ratio").doubleValue());
    // 10 logits and 1,200 values of embedding, two bytes each before zstd, and the other columns.
    assertThat(summary.get("bytes_per_row").doubleValue()).isBetween(1_200.0, 2_600.0);
  }

  @Test
  void makesUpRowsForAModelOfTheUser() throws IOException {
    Path model = folder.resolve("mine.onnx");
    Files.write(model, perceptron(12, 3));

    CommandLineRun run = bench("--model", model.toString(), "--rows", "500", "--repeats", "1");

    assertThat(run.exit()).as(run.err()).isZero();
    assertThat(run.summary().get("bytes_per_row").doubleValue()).isPositive();
  }

  @Test
  void refusesRowsForARecipeThatHasItsOwn() {
    CommandLineRun run = bench("--recipe", "conf/recipes/quickstart.conf", "--rows", "10");

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.err()).contains("--recipe brings its own teacher and rows");
  }

  @Test
  void refusesATeacherBesideAModel() {
    CommandLineRun run = bench("--model", "teacher.onnx", "--teacher", "mlp");

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.err()).contains("Give --model or --teacher, not both.");
  }

  private static CommandLineRun bench(String... arguments) {
    LocalSession.open();
    String[] all = new String[arguments.length + 2];
    all[0] = "bench";
    all[1] = "teach";
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return CommandLineRun.of(all);
  }

  private static byte[] perceptron(int width, int classes) {
    Shape input = Shape.flat(width);
    StudentGraph graph =
        new StudentGraph(
            input, new Mlp(List.of(8)).layers(input, classes), Map.of("logits", "logits"));
    List<String> names = List.of("a", "b", "c");
    return new OnnxWriter(13).write(graph, Parameters.initial(graph, 1), names);
  }
}
