package io.lakestill.recipe;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Where a teacher's word comes from. */
public sealed interface TeacherSource {
  /**
   * A model that exists.
   *
   * @param path of its ONNX file
   */
  record Onnx(String path) implements TeacherSource {}

  /**
   * A model that Lakestill exported.
   *
   * @param folder of its bundle
   */
  record Exported(String folder) implements TeacherSource {}

  /**
   * A model that spoke elsewhere.
   *
   * @param scores what it said
   */
  record Scored(ScoreTable scores) implements TeacherSource {}

  /**
   * A model to train here first.
   *
   * @param graph its layers
   * @param train how it is trained
   */
  record Trained(GraphSettings graph, TrainSettings train) implements TeacherSource {}

  /**
   * @param teacher the section of the teacher
   * @return empty when it was refused
   */
  static Optional<TeacherSource> read(Settings teacher) {
    List<String> named =
        Stream.of("onnx", "bundle", "table", "graph", "train").filter(teacher::has).toList();
    if (named.equals(List.of("graph", "train"))) {
      Optional<GraphSettings> graph = GraphSettings.read(teacher.section("graph"));
      Optional<TrainSettings> train = TrainSettings.read(teacher.section("train"));
      return graph.flatMap(layers -> train.map(how -> new Trained(layers, how)));
    }
    if (named.size() != 1 || named.get(0).equals("graph") || named.get(0).equals("train")) {
      teacher.problem(
          "must name exactly one of onnx (a model that exists), bundle (one that was exported"
              + " here), table (what a model said elsewhere), or both graph and train (a model to"
              + " train here first); names "
              + (named.isEmpty() ? "none" : String.join(" and ", named)));
      return Optional.empty();
    }
    return switch (named.get(0)) {
      case "onnx" -> Optional.of(new Onnx(teacher.text("onnx")));
      case "bundle" -> Optional.of(new Exported(teacher.text("bundle")));
      default -> ScoreTable.read(teacher.section("table")).map(Scored::new);
    };
  }
}
