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
 * A teacher.
 *
 * @param id names the teacher in signal tables and folders
 * @param source a model that exists, one to train here first, or what one said elsewhere
 * @param input the name of its input tensor; its only input when empty
 * @param outputs signal name to tensor, such as {@code logits -> logits}: an output of the model
 *     or, of an ONNX file, any tensor inside it; of a table to its column
 * @param normalisation its own normalisation; the data's when empty
 * @param features what it is shown instead of {@code data.features}; the student never sees it
 * @param check how it is checked before and after it speaks
 */
public record TeacherSettings(
    String id,
    TeacherSource source,
    Optional<String> input,
    Map<String, String> outputs,
    Optional<Normalisation> normalisation,
    Optional<FeatureSettings> features,
    TeacherCheckSettings check) {
  private static final String LOGITS = "logits";
  private static final String OUTPUTS = "outputs";

  /** What somebody who shows nothing to a model cannot set. */
  private static final List<String> OF_MODELS = List.of("input", "normalise", "features");

  public TeacherSettings {
    outputs = Map.copyOf(outputs);
    if (!id.matches("[0-9A-Za-z_][0-9A-Za-z_.-]{0,63}")) {
      throw new IllegalArgumentException(
          "id must be 1 to 64 letters, digits, '_', '.' or '-', the first a letter, digit or '_',"
              + " is '%s'".formatted(id));
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
    if (!outputs.containsKey(LOGITS)) {
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
    Optional<TeacherSource> source = TeacherSource.read(settings);
    Optional<String> input = settings.optionalText("input");
    Settings outputs = settings.section(OUTPUTS);
    Map<String, String> tensors = new TreeMap<>();
    for (String signal : outputs.keys()) {
      outputs.optionalText(signal).ifPresent(tensor -> tensors.put(signal, tensor));
    }
    Optional<Normalisation> normalisation =
        settings.optionalSection("normalise").flatMap(Normalisation::read);
    Optional<FeatureSettings> features =
        settings.optionalSection("features").flatMap(FeatureSettings::read);
    if (features.isPresent() && normalisation.isPresent()) {
      settings.problem("normalise", "goes into features, since this teacher has its own");
    }
    Optional<TeacherCheckSettings> check = TeacherCheckSettings.read(settings.section("check"));
    if (source.orElse(null) instanceof TeacherSource.Scored scored) {
      checkScored(raw);
      tensors.put(LOGITS, String.join(", ", scored.scores().columns()));
    }
    return settings.build(
        () ->
            new TeacherSettings(
                id,
                source.orElseThrow(),
                input,
                tensors,
                normalisation,
                features,
                check.orElseThrow()));
  }

  /** A table of scores names its logits itself, and was shown nothing here. */
  private static void checkScored(Settings raw) {
    OF_MODELS.stream()
        .filter(raw::has)
        .forEach(key -> raw.problem(key, "a table of scores is shown no examples; remove it"));
    if (raw.has(OUTPUTS) && raw.section(OUTPUTS).has(LOGITS)) {
      raw.section(OUTPUTS)
          .problem(
              LOGITS, "the teacher's table names the columns of its logits already; remove this");
    }
  }

  /** The path of its ONNX file, if it is given by one. */
  public Optional<String> onnx() {
    return source(TeacherSource.Onnx.class).map(TeacherSource.Onnx::path);
  }

  /** The folder of its bundle, if it is given by one. */
  public Optional<String> bundle() {
    return source(TeacherSource.Exported.class).map(TeacherSource.Exported::folder);
  }

  /** What it said elsewhere, if it is no model here. */
  public Optional<ScoreTable> table() {
    return source(TeacherSource.Scored.class).map(TeacherSource.Scored::scores);
  }

  /** The model to train here, if it is one. */
  public Optional<GraphSettings> graph() {
    return source(TeacherSource.Trained.class).map(TeacherSource.Trained::graph);
  }

  /** How it is trained here, if it is. */
  public Optional<TrainSettings> train() {
    return source(TeacherSource.Trained.class).map(TeacherSource.Trained::train);
  }

  private <T extends TeacherSource> Optional<T> source(Class<T> type) {
    return Optional.of(source).filter(type::isInstance).map(type::cast);
  }
}
