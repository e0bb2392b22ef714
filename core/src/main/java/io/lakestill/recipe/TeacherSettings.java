package io.lakestill.recipe;

import java.util.Map;
import java.util.Optional;

/**
 * The teacher: an ONNX model that exists, or a model Lakestill trains first.
 *
 * @param id names the teacher in signal tables and folders
 * @param onnx the path of an ONNX file; empty when the teacher is trained here
 * @param input the name of its input tensor; its only input when empty
 * @param outputs signal name to output tensor, such as {@code logits -> logits}
 * @param normalisation its own normalisation; the data's when empty
 * @param graph the model to train here, when there is no ONNX file
 * @param train how it is trained here
 */
public record TeacherSettings(
    String id,
    Optional<String> onnx,
    Optional<String> input,
    Map<String, String> outputs,
    Optional<Normalisation> normalisation,
    Optional<GraphSettings> graph,
    Optional<TrainSettings> train) {
  public TeacherSettings {
    outputs = Map.copyOf(outputs);
    if (!id.matches("[0-9A-Za-z_.-]{1,64}")) {
      throw new IllegalArgumentException(
          "id must be 1 to 64 letters, digits, '_', '.' or '-', is '" + id + "'");
    }
    if (onnx.isPresent() == graph.isPresent() || graph.isPresent() != train.isPresent()) {
      throw new IllegalArgumentException(
          "must name either onnx, a model that exists, or both graph and train, to train one here");
    }
    if (!outputs.containsKey("logits")) {
      throw new IllegalArgumentException("outputs must name the tensor of logits");
    }
  }

  static Optional<TeacherSettings> read(Settings raw) {
    Settings settings = raw.withDefaults("teacher");
    String id = settings.text("id");
    Optional<String> onnx = settings.optionalText("onnx");
    Optional<String> input = settings.optionalText("input");
    Settings outputs = settings.section("outputs");
    Map<String, String> tensors = new java.util.TreeMap<>();
    for (String signal : outputs.keys()) {
      outputs.optionalText(signal).ifPresent(tensor -> tensors.put(signal, tensor));
    }
    Optional<Normalisation> normalisation =
        settings.optionalSection("normalise").flatMap(Normalisation::read);
    Optional<GraphSettings> graph = settings.optionalSection("graph").flatMap(GraphSettings::read);
    Optional<TrainSettings> train = settings.optionalSection("train").flatMap(TrainSettings::read);
    return settings.build(
        () -> new TeacherSettings(id, onnx, input, tensors, normalisation, graph, train));
  }
}
