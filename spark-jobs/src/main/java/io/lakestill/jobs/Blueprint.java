package io.lakestill.jobs;

import com.typesafe.config.ConfigValue;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.objective.Objectives;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.GraphSettings;
import io.lakestill.recipe.ModelRole;
import io.lakestill.recipe.Origins;
import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.RecipeDraft;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.recipe.TrainSettings;
import io.lakestill.report.Gate;
import io.lakestill.report.RecipeGates;
import io.lakestill.signal.SignalColumn;
import io.lakestill.student.GraphReader;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A recipe whose every part was read by the package that understands it: what a run works from. An
 * impossible recipe never becomes one.
 *
 * @param recipe the recipe
 * @param features how the student sees examples
 * @param student the model to distil, and how it is trained
 * @param scratch the same model trained without a teacher; empty when the student has none either
 * @param teachers in the order of the recipe
 * @param gates what the scorecard must meet
 */
public record Blueprint(
    Recipe recipe,
    FeaturePipeline features,
    Training student,
    Optional<Training> scratch,
    List<TeacherPlan> teachers,
    List<Gate> gates) {
  private static final Logger LOG = LoggerFactory.getLogger(Blueprint.class);

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

    /** Its terms whose equations are reconstructed, each with the reason. */
    List<String> experimental() {
      Objectives known = new Objectives();
      return objectives.terms().stream()
          .map(WeightedTerms.Term::name)
          .distinct()
          .flatMap(name -> known.experimental(name).stream().map(why -> name + ": " + why))
          .toList();
    }

    /** The SQL expressions by which its terms weigh rows. */
    Set<String> rowWeights() {
      return settings.objectives().stream()
          .flatMap(term -> term.rowWeight().stream())
          .collect(Collectors.toSet());
    }

    /** The scratch twin of this training. */
    Training withoutTeacher() {
      return new Training(graph, objectives.withoutTeacher(), settings);
    }

    int firstSeed() {
      return settings.seeds().get(0);
    }
  }

  public Blueprint {
    teachers = List.copyOf(teachers);
    gates = List.copyOf(gates);
  }

  /**
   * How a teacher sees the examples: as the student does, by the same object, so that rows need not
   * be decoded twice, unless it has features or a normalisation of its own.
   */
  FeaturePipeline featuresOf(TeacherPlan teacher) {
    return teacher.settings().normalisation().isPresent()
            || teacher.settings().features().isPresent()
        ? teacher.pipeline(recipe.data())
        : features;
  }

  /** What a loss can ask of the teachers. */
  TeacherSignals signals() {
    return signals(recipe.teachers());
  }

  private static TeacherSignals signals(List<TeacherSettings> teachers) {
    return new TeacherSignals(
        teachers.stream()
            .map(given -> new TeacherSignals.Teacher(given.id(), names(given)))
            .toList());
  }

  /** In the order of the signal table's columns. */
  private static List<String> names(TeacherSettings given) {
    return given.outputs().keySet().stream()
        .sorted(
            Comparator.comparing((String signal) -> !signal.equals(SignalColumn.LOGITS))
                .thenComparing(signal -> signal))
        .toList();
  }

  /** Terms of the student's loss whose equations are reconstructed, each with the reason. */
  public List<String> experimental() {
    return student.experimental();
  }

  /**
   * Reads what the recipe left to other packages, as far as its sections are sound; faults go to
   * {@code problems}. Terms that are experimental are warned of in the log.
   */
  static Optional<Blueprint> of(RecipeDraft draft, Problems problems) {
    int before = problems.count();
    Optional<FeaturePipeline> features =
        draft.data().flatMap(data -> FeaturePipeline.read(data.features(), data.views()));
    Optional<Training> student = training(draft.data(), draft.student(), draft.train());
    List<TeacherPlan> teachers = TeacherPlan.all(draft, problems);
    List<Gate> gates = RecipeGates.read(draft, scored(draft, student), problems);
    checkOutput(draft, problems);
    new CodecChecks(draft, problems).check();
    new ProjectionChecks(draft, problems).check();
    new StoreChecks(draft, problems).check();
    student.ifPresent(training -> checkTerms(draft, training, problems));
    if (problems.count() > before) {
      return Optional.empty();
    }
    Optional<Blueprint> blueprint =
        draft
            .recipe()
            .map(
                recipe ->
                    new Blueprint(
                        recipe,
                        features.orElseThrow(),
                        student.orElseThrow(),
                        student.filter(Training::needsSignals).map(Training::withoutTeacher),
                        teachers,
                        gates));
    blueprint.ifPresent(
        made ->
            made.experimental()
                .forEach(reason -> LOG.warn("event=experimental term=\"{}\"", reason)));
    return blueprint;
  }

  /** The models the scorecard will compare; of what was refused, the most there could be. */
  private static Set<ModelRole> scored(RecipeDraft draft, Optional<Training> student) {
    Set<ModelRole> models = EnumSet.of(ModelRole.STUDENT);
    if (hasTeacher(draft)) {
      models.add(ModelRole.TEACHER);
    }
    if (student.map(Training::needsSignals).orElse(true)) {
      models.add(ModelRole.SCRATCH);
    }
    return models;
  }

  /** Whether the recipe has a teacher, sound or not. */
  private static boolean hasTeacher(RecipeDraft draft) {
    return draft.source().hasPath("teacher") || draft.source().hasPath("teachers");
  }

  private static void checkOutput(RecipeDraft draft, Problems problems) {
    if (draft.source().hasPath("output")) {
      ConfigValue value = draft.source().getValue("output");
      String text = String.valueOf(value.unwrapped());
      try {
        new Path(text);
      } catch (IllegalArgumentException e) {
        problems.add(
            new Problem(
                Origins.where(value.origin()),
                "output",
                "'%s' is not a path: %s".formatted(text, e.getMessage())));
      }
    }
  }

  /** A model with its loss, as far as its sections are sound. */
  static Optional<Training> training(
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
    return model.flatMap(
        made -> objectives.map(terms -> new Training(made, terms, settings.orElseThrow())));
  }

  /** Every term finds what it needs among the model's outputs and what teachers are asked for. */
  private static void checkTerms(RecipeDraft draft, Training student, Problems problems) {
    TermChecks checks = new TermChecks(student, problems);
    checks.outputs();
    checks.mixing();
    if (!hasTeacher(draft)) {
      checks.noTeacher("the recipe has no teacher");
    } else {
      // Of a teacher that was refused nothing more is said.
      draft.teachers().ifPresent(teachers -> checks.signals(signals(teachers)));
    }
  }
}
