package io.lakestill.jobs;

import io.lakestill.data.FeaturePipeline;
import io.lakestill.objective.Objectives;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.GraphSettings;
import io.lakestill.recipe.ModelRole;
import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.RecipeDraft;
import io.lakestill.recipe.Settings;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.recipe.TrainSettings;
import io.lakestill.report.Gate;
import io.lakestill.report.RecipeGates;
import io.lakestill.student.GraphReader;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.apache.hadoop.fs.Path;

/**
 * A recipe whose every part was read by the package that understands it: what a run works from. An
 * impossible recipe never becomes one.
 *
 * @param recipe the recipe
 * @param features how the student sees examples
 * @param student the model to distil, and how it is trained
 * @param scratch the same model trained without a teacher; empty when the student has none either
 * @param teacher the model to train first; empty when the teacher is an ONNX file or there is none
 * @param gates what the scorecard must meet
 */
public record Blueprint(
    Recipe recipe,
    FeaturePipeline features,
    Training student,
    Optional<Training> scratch,
    Optional<Training> teacher,
    List<Gate> gates) {

  /**
   * One model and how it is trained.
   *
   * @param graph the model
   * @param objectives its loss
   * @param settings epochs, batch, optimizer, seeds
   */
  public record Training(StudentGraph graph, WeightedTerms objectives, TrainSettings settings) {

    /** Whether its loss asks for anything a teacher says. */
    public boolean needsSignals() {
      return !objectives.requires().teacher().isEmpty();
    }

    /** The scratch twin of this training. */
    Training withoutTeacher() {
      return new Training(graph, objectives.withoutTeacher(), settings);
    }

    int firstSeed() {
      return settings.seeds().get(0);
    }
  }

  /** The teacher's own view of the examples, if the recipe has a teacher. */
  public Optional<FeatureSettings> teacherFeatures() {
    FeatureSettings shared = recipe.data().features();
    return recipe
        .teacher()
        .map(teacher -> teacher.normalisation().map(shared::normalisedBy).orElse(shared));
  }

  /**
   * Reads what the recipe left to other packages, as far as its sections are sound; faults go to
   * {@code problems}.
   */
  static Optional<Blueprint> of(RecipeDraft draft, Problems problems) {
    int before = problems.count();
    Optional<FeaturePipeline> features =
        draft.data().flatMap(data -> FeaturePipeline.read(data.features(), data.views()));
    Optional<Training> student = training(draft.data(), draft.student(), draft.train());
    Optional<Training> teacher =
        draft.teacher().flatMap(given -> training(draft.data(), given.graph(), given.train()));
    List<Gate> gates = RecipeGates.read(draft, scored(draft, student), problems);
    checkPath(draft, "output", problems);
    checkPath(draft, "teacher.onnx", problems);
    student.ifPresent(training -> checkSignals(draft, training));
    draft
        .teacher()
        .ifPresent(given -> teacher.ifPresent(made -> checkTeacher(draft, given, made, problems)));
    if (problems.count() > before) {
      return Optional.empty();
    }
    return draft
        .recipe()
        .map(
            recipe ->
                new Blueprint(
                    recipe,
                    features.orElseThrow(),
                    student.orElseThrow(),
                    student.filter(Training::needsSignals).map(Training::withoutTeacher),
                    teacher,
                    gates));
  }

  /** The models the scorecard will compare; of what was refused, the most there could be. */
  private static Set<ModelRole> scored(RecipeDraft draft, Optional<Training> student) {
    Set<ModelRole> models = EnumSet.of(ModelRole.STUDENT);
    if (draft.source().hasPath("teacher")) {
      models.add(ModelRole.TEACHER);
    }
    if (student.map(Training::needsSignals).orElse(true)) {
      models.add(ModelRole.SCRATCH);
    }
    return models;
  }

  private static void checkPath(RecipeDraft draft, String key, Problems problems) {
    if (!draft.source().hasPath(key)) {
      return;
    }
    String text = String.valueOf(draft.source().getValue(key).unwrapped());
    try {
      new Path(text);
    } catch (IllegalArgumentException e) {
      problems.add(
          new Problem(
              where(draft, key), key, "'%s' is not a path: %s".formatted(text, e.getMessage())));
    }
  }

  /** The file and line, or the option, that a key comes from. */
  private static String where(RecipeDraft draft, String key) {
    String origin = draft.source().getValue(key).origin().description();
    return origin.startsWith("--set ")
        ? origin.replaceFirst(": \\d+$", "")
        : origin.replaceFirst(": (\\d+)$", ":$1");
  }

  private static Optional<Training> training(
      Optional<DataSettings> data,
      Optional<GraphSettings> graph,
      Optional<TrainSettings> settings) {
    Optional<WeightedTerms> objectives =
        settings.flatMap(sound -> new Objectives().create(sound.objectives()));
    Optional<StudentGraph> model =
        data.flatMap(
            examples ->
                graph.flatMap(
                    layers ->
                        GraphReader.read(
                            layers,
                            new Shape(examples.features().shape()),
                            examples.classes().size())));
    Optional<Training> training =
        model.flatMap(
            made -> objectives.map(terms -> new Training(made, terms, settings.orElseThrow())));
    training.ifPresent(Blueprint::checkInputs);
    training.ifPresent(Blueprint::checkOutputs);
    return training;
  }

  /** Training offers student outputs, teacher signals and labels; no term may need more. */
  private static void checkInputs(Training training) {
    forEachTerm(
        training,
        (options, requires) -> {
          if (!requires.others().isEmpty()) {
            options.problem(
                "type",
                "needs %s, which training does not offer yet; see core/docs/objectives.md"
                    .formatted(String.join(", ", requires.others())));
          }
        });
  }

  /** Every term finds the outputs it needs in the model. */
  private static void checkOutputs(Training training) {
    StudentGraph graph = training.graph();
    forEachTerm(
        training,
        (options, requires) -> {
          for (String output : requires.student()) {
            if (!graph.outputs().containsKey(output)) {
              options.problem(
                  "needs the student's '%s'; name a layer for it in outputs { %s = ... }, there are %s"
                      .formatted(output, output, graph.outputs().keySet()));
            }
          }
        });
  }

  /** Every term finds the signals it needs among what the teacher is asked for. */
  private static void checkSignals(RecipeDraft draft, Training student) {
    if (draft.teacher().isEmpty() && draft.source().hasPath("teacher")) {
      return; // The teacher itself was refused, which is said already.
    }
    Set<String> signals =
        draft.teacher().map(teacher -> teacher.outputs().keySet()).orElse(Set.of());
    forEachTerm(
        student,
        (options, requires) -> {
          for (String signal : requires.teacher()) {
            if (draft.teacher().isEmpty()) {
              options.problem(
                  "type", "needs a teacher's '" + signal + "'; the recipe has no teacher");
            } else if (!signals.contains(signal)) {
              options.problem(
                  "type",
                  "needs the teacher's '%s'; name a tensor for it in teacher.outputs { %s = ... }"
                      .formatted(signal, signal));
            }
          }
        });
  }

  /** A teacher trained here learns from labels, and has every output that is asked of it. */
  private static void checkTeacher(
      RecipeDraft draft, TeacherSettings given, Training teacher, Problems problems) {
    if (teacher.settings().seeds().size() > 1) {
      String key = "teacher.train.seeds";
      problems.add(new Problem(where(draft, key), key, "a teacher is trained once; give one seed"));
    }
    forEachTerm(
        teacher,
        (options, requires) -> {
          if (!requires.teacher().isEmpty()) {
            options.problem("type", "needs a teacher, but this is the teacher's own training");
          }
        });
    for (Map.Entry<String, String> output : given.outputs().entrySet()) {
      if (!teacher.graph().outputs().containsKey(output.getValue())) {
        problems.add(
            new Problem(
                "teacher",
                "teacher.outputs." + output.getKey(),
                "the teacher trained here has no output '%s', it has %s"
                    .formatted(output.getValue(), teacher.graph().outputs().keySet())));
      }
    }
  }

  private static void forEachTerm(Training training, BiConsumer<Settings, Requirements> check) {
    List<WeightedTerms.Term> terms = training.objectives().terms();
    for (int i = 0; i < terms.size(); i++) {
      Settings options = training.settings().objectives().get(i).options();
      check.accept(options, terms.get(i).objective().requires());
    }
  }
}
