package io.lakestill.recipe;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The teacher: an ONNX model that exists, or a model Lakestill trains first.
 *
 * @param id names the teacher in signal tables and folders
 * @param onnx the path of an ONNX file; empty when the teacher is trained here
 * @param input the name of its input tensor; its only input when empty
 * @param outputs signal name to tensor, such as {@code logits -> logits}: an output of the model
 *     or, of an ONNX file, any tensor inside it
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
    if (!id.matches("[0-9A-Za-z_][0-9A-Za-z_.-]{0,63}")) {
      throw new IllegalArgumentException(
          "id must be 1 to 64 letters, digits, '_', '.' or '-', the first a letter, digit or '_',"
              + " is '%s'".formatted(id));
    }
    if (onnx.isPresent() == graph.isPresent() || graph.isPresent() != train.isPresent()) {
      throw new IllegalArgumentException(
          "must name either onnx, a model that exists, or both graph and train, to train one here");
    }
    Map<String, String> folded = new HashMap<>();
    for (String signal : outputs.keySet()) {
      String other = folded.put(folded(signal), signal);
      if (other != null) {
        throw new IllegalArgumentException(
            "outputs names the signals '%s' and '%s', which SQL takes for one; give one another name"
                .formatted(
                    signal.compareTo(other) < 0 ? signal : other,
                    signal.compareTo(other) < 0 ? other : signal));
      }
      if (!signal.matches("[a-z][0-9A-Za-z_]*")) {
        throw new IllegalArgumentException(
            "outputs names a signal '%s'; a signal is a lower-case letter, then letters, digits or"
                    .formatted(signal)
                + " '_', such as logits, embedding or map_stage3");
      }
    }
    if (!outputs.containsKey("logits")) {
      throw new IllegalArgumentException("outputs must name the tensor of logits");
    }
  }

  /**
   * The teachers of a recipe: one as {@code teacher { ... }}, several as {@code teachers = [...]}.
   *
   * @return an empty list when it has none; empty when one was refused
   */
  static Optional<List<TeacherSettings>> readAll(Settings recipe) {
    if (recipe.has("teacher") && recipe.has("teachers")) {
      recipe.problem(
          "teachers",
          "cannot stand beside teacher; write all into teachers = [...], or set one to null");
      return Optional.empty();
    }
    List<Settings> sections =
        recipe.has("teachers")
            ? recipe.sections("teachers")
            : recipe.optionalSection("teacher").stream().toList();
    if (recipe.has("teachers") && sections.isEmpty()) {
      recipe.problem("teachers", "must list at least one teacher");
    }
    List<TeacherSettings> teachers = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    for (Settings section : sections) {
      Optional<TeacherSettings> teacher = read(section);
      teacher.ifPresent(teachers::add);
      if (teacher.isPresent() && !ids.add(folded(teacher.get().id()))) {
        section.problem(
            "id", "is the id of another teacher, too, letter case aside; ids must be distinct");
      }
    }
    return teachers.size() == sections.size() && ids.size() == teachers.size()
        ? Optional.of(teachers)
        : Optional.empty();
  }

  /** Ids and signals name folders and, in SQL, columns: neither need know a letter's case. */
  private static String folded(String id) {
    return id.toLowerCase(Locale.ROOT);
  }

  private static Optional<TeacherSettings> read(Settings raw) {
    Settings settings = raw.withDefaults("teacher");
    String id = settings.text("id");
    Optional<String> onnx = settings.optionalText("onnx");
    Optional<String> input = settings.optionalText("input");
    Settings outputs = settings.section("outputs");
    Map<String, String> tensors = new TreeMap<>();
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
