package io.lakestill.objective.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.TestResource;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Objectives;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.State;
import io.lakestill.recipe.Problems;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A reference case as a training would meet it: its objective, with the options that its inputs
 * imply and its parameters leave out, and its sizes.
 */
public record TrainableCase(GoldenCase golden, Objective objective, Dimensions dimensions) {

  /** Options that the reference code has no name for, and the axis of an input that shows them. */
  private record Implied(String objective, String option, String input, int axis) {}

  private static final List<Implied> IMPLIED =
      List.of(
          new Implied("dcd", "projection_dim", "weight.student_projection", 0),
          new Implied("rrd", "projection_dim", "weight.student_projection", 0),
          new Implied("wcord-lckt", "projection_dim", "weight.student_projection", 0),
          new Implied("wcord-gckt", "projection_dim", "weight.student_projection", 0),
          new Implied("wcord-gckt", "negatives", "index.negatives", 1),
          new Implied("cckd-torchdistill", "projection_dim", "weight.student_projection", 0),
          new Implied("correlation-repdistiller", "projection_dim", "weight.student_projection", 0),
          new Implied("vid", "hidden", "weight.regressor.0", 0),
          new Implied("cd-topn", "items", "index.items", 1),
          new Implied("ccd-relaxed-ranking", "ranked", "index.ranked", 1),
          new Implied("ccd-relaxed-ranking", "uninteresting", "index.uninteresting", 1));

  /** One case of each objective that a training from tables can have. */
  public static Stream<TrainableCase> firstOfEach() throws IOException, URISyntaxException {
    return EquipmentTest.firstOfEach().map(golden -> of(golden, Map.of()));
  }

  static List<GoldenCase> all() throws IOException, URISyntaxException {
    Path folder = Path.of(TestResource.class.getResource("/golden/objectives").toURI());
    List<GoldenCase> cases = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        cases.addAll(GoldenFile.read(Files.readString(file), file.getFileName().toString()));
      }
    }
    return cases;
  }

  /**
   * @param options beside those of the case
   */
  static TrainableCase of(GoldenCase golden, Map<String, Double> options) {
    ObjectNode params = golden.params().deepCopy();
    for (Implied implied : IMPLIED) {
      if (implied.objective().equals(golden.objective())) {
        params.put(implied.option(), shape(golden.batch(), implied.input())[implied.axis()]);
      }
    }
    if (golden.objective().equals("clip-rd") && !golden.batch().has("weight.image_projection")) {
      params.put("projection", "none");
    }
    if (golden.objective().equals("dedn-margin-ce")) {
      ArrayNode seen = params.putArray("seen");
      Arrays.stream(golden.batch().indices("index.seen").data()).forEach(seen::add);
    }
    options.forEach(params::put);
    GoldenCase completed =
        new GoldenCase(
            golden.objective(), golden.name(), params, golden.batch(), golden.expected());
    Problems problems = new Problems();
    var objective = new GoldenCheck(new Objectives()).objective(completed, problems);
    assertThat(problems.found()).as(golden.toString()).isEmpty();
    return new TrainableCase(completed, objective.orElseThrow(), dimensions(golden));
  }

  private static Dimensions dimensions(GoldenCase golden) {
    Batch batch = golden.batch();
    Map<String, List<Integer>> shapes = new HashMap<>();
    for (String name : batch.names()) {
      if (name.startsWith("student.") || name.startsWith("teacher.")) {
        List<Integer> shape = boxed(shape(batch, name));
        shapes.put(name, shape.subList(1, shape.size()));
      }
    }
    // The loss of a ranking reads no teacher's scores, but its items are drawn by them.
    if (shapes.containsKey("student.logits")) {
      shapes.putIfAbsent("teacher.logits", shapes.get("student.logits"));
    }
    State state = batch.state();
    boolean banked = state.names().contains("state.bank_student");
    // A queue must be shorter than the training set.
    int queued = golden.params().path("queue_size").asInt(0);
    int samples = banked ? state.tensor("state.bank_student").rows() : 2 * batch.rows() + queued;
    int classes =
        shapes.containsKey("student.logits")
            ? Math.max(2, shapes.get("student.logits").get(0))
            : batch.has(Requirements.LABELS)
                ? 1 + Math.max(1, Arrays.stream(batch.indices("labels").data()).max().orElse(1))
                : 2;
    return new Dimensions(batch.rows(), samples, classes, shapes);
  }

  /** The shape of any input. */
  static int[] shape(Batch batch, String input) {
    if (input.startsWith("state.")) {
      return batch.state().tensor(input).shape();
    }
    return input.startsWith("index.")
        ? new int[] {batch.indices(input).rows(), batch.indices(input).width()}
        : batch.tensor(input).shape();
  }

  static List<Integer> boxed(int[] shape) {
    return Arrays.stream(shape).boxed().toList();
  }
}
