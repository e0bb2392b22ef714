package io.lakestill.jobs;

import com.typesafe.config.Config;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.Origins;
import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.RecipeDraft;
import io.lakestill.recipe.ScoreTable;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.signal.SignalSchema;
import io.lakestill.teacher.StatedScores;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;

/**
 * One teacher of a recipe, ready to run: a model that exists, or one to train first.
 *
 * @param settings what the recipe says of it
 * @param features how it sees examples
 * @param training how it is trained here; empty when it is an ONNX file
 */
public record TeacherPlan(
    TeacherSettings settings, FeatureSettings features, Optional<Blueprint.Training> training) {

  /**
   * The teachers of a recipe in its order, as far as they are sound; faults go to {@code problems}.
   */
  static List<TeacherPlan> all(RecipeDraft draft, Problems problems) {
    List<TeacherSettings> teachers = draft.teachers().orElse(List.of());
    // All models before any check: a section is not read on once the recipe has one more fault.
    List<Optional<Blueprint.Training>> trained =
        teachers.stream()
            .map(
                given ->
                    Blueprint.training(
                        draft.data().map(data -> shown(given, data)), given.graph(), given.train()))
            .toList();
    List<TeacherPlan> plans = new ArrayList<>();
    for (int i = 0; i < teachers.size(); i++) {
      TeacherSettings given = teachers.get(i);
      Optional<Blueprint.Training> training = trained.get(i);
      Section section = Section.of(draft.source(), i, problems);
      section.checkPaths();
      draft.data().ifPresent(data -> section.checkTable(given, data));
      draft.data().ifPresent(data -> section.checkFeatures(given, data));
      if (teachers.size() > 1) {
        section.checkId(given);
      }
      section.checkSignals(given);
      training.ifPresent(made -> section.checkTraining(given, made));
      draft
          .data()
          .map(data -> seen(given, data))
          .ifPresent(features -> plans.add(new TeacherPlan(given, features, training)));
    }
    return plans;
  }

  /**
   * The examples as a teacher sees them: by features or with a normalisation of its own, if it has
   * any.
   */
  static FeatureSettings seen(TeacherSettings given, DataSettings data) {
    return given
        .features()
        .or(() -> given.normalisation().map(data.features()::normalisedBy))
        .orElse(data.features());
  }

  /**
   * The same with views, which are the student's: of features that it does not see there are none.
   *
   * @return empty when a transform was refused
   */
  static Optional<FeaturePipeline> pipeline(TeacherSettings given, DataSettings data) {
    return given.features().isPresent()
        ? Optional.of(new FeaturePipeline(seen(given, data), List.of(), data.views().seed()))
        : FeaturePipeline.read(seen(given, data), data.views());
  }

  /** The tables as a model sees them that is trained to be this teacher. */
  static DataSettings shown(TeacherSettings given, DataSettings data) {
    return given.features().map(data::showing).orElse(data);
  }

  /** Where the teacher of that number stands in a recipe: {@code teacher}, {@code teachers[1]}. */
  static String section(Config recipe, int index) {
    return recipe.hasPath("teacher") ? "teacher" : "teachers[" + index + "]";
  }

  String id() {
    return settings.id();
  }

  /** The features of the examples and their views, as this teacher sees them. */
  FeaturePipeline pipeline(DataSettings data) {
    return pipeline(settings, data).orElseThrow();
  }

  /**
   * Where a teacher stands in its recipe.
   *
   * @param path such as {@code teacher} or {@code teachers[1]}
   * @param source the text of it
   */
  private record Section(String path, Config source, Problems problems) {

    static Section of(Config recipe, int index, Problems problems) {
      return recipe.hasPath("teacher")
          ? new Section(section(recipe, index), recipe.getConfig("teacher"), problems)
          : new Section(
              section(recipe, index), recipe.getConfigList("teachers").get(index), problems);
    }

    private void problem(String key, String message) {
      var written = source.hasPath(key) ? source.getValue(key) : source.root();
      problems.add(new Problem(Origins.where(written.origin()), path + "." + key, message));
    }

    void checkPaths() {
      Stream.of("onnx", "bundle", "table.path").filter(source::hasPath).forEach(this::checkPath);
    }

    private void checkPath(String key) {
      String text = String.valueOf(source.getValue(key).unwrapped());
      try {
        new Path(text);
      } catch (IllegalArgumentException e) {
        problem(key, "'%s' is not a path: %s".formatted(text, e.getMessage()));
      }
    }

    /** What a table says must be about these classes, and about examples as they are. */
    void checkTable(TeacherSettings given, DataSettings data) {
      given.table().ifPresent(scores -> checkTable(scores, data));
    }

    private void checkTable(ScoreTable scores, DataSettings data) {
      int classes = data.classes().size();
      int named = scores.columns().size();
      if (data.views().count() > 1) {
        problem(
            "table",
            "says one thing of an example, but data.views.count = %d; set that to 1"
                .formatted(data.views().count()));
      }
      if (named > 1 && named != classes) {
        problem(
            "table." + scores.key(),
            "names %d columns for %d classes; name one for each, in the order of data.classes, or"
                    .formatted(named, classes)
                + " one that holds all");
      }
      if (scores.confidence().orElse(null) instanceof ScoreTable.Always always
          && !new StatedScores(scores.statement(), data.classes()).isConfidence(always.value())) {
        problem(
            "table.confidence",
            "must be above 1/%d, the chance of a guess, and at most 1, is %s"
                .formatted(classes, always.value()));
      }
    }

    /**
     * A view changes what the student sees; nobody knows what that means for features it does not
     * see, and a teacher that saw no change would speak of another picture than the student's.
     */
    void checkFeatures(TeacherSettings given, DataSettings data) {
      if (given.features().isPresent() && data.views().count() > 1) {
        problem(
            "features",
            ("are the teacher's own, and data.views.count is %d: views are drawn from the student's"
                    + " features, so the teacher could not see what they change; set"
                    + " data.views.count = 1")
                .formatted(data.views().count()));
      }
    }

    /** SQL finds the signals of several teachers behind their ids, beside the key of the row. */
    void checkId(TeacherSettings given) {
      if (TeacherSignals.KEY.contains(given.id().toLowerCase(Locale.ROOT))) {
        problem(
            "id",
            "is a column that the signals of several teachers have in common; give another id");
      }
    }

    /** Every signal becomes a column of the signal table, beside those the table has. */
    void checkSignals(TeacherSettings given) {
      for (String signal : given.outputs().keySet()) {
        if (SignalSchema.OWN_COLUMNS.contains(signal.toLowerCase(Locale.ROOT))) {
          problem(
              "outputs." + signal,
              "is a column of every signal table, so no signal can have that name; give another,"
                  + " such as map_"
                  + signal);
        }
      }
    }

    /** A teacher trained here learns from labels, and has every output that is asked of it. */
    void checkTraining(TeacherSettings given, Blueprint.Training made) {
      if (made.settings().seeds().size() > 1) {
        problem("train.seeds", "a teacher is trained once; give one seed");
      }
      TermChecks checks = new TermChecks(made, problems);
      checks.outputs();
      checks.noTeacher("this is the teacher's own training");
      for (Map.Entry<String, String> output : given.outputs().entrySet()) {
        if (!made.graph().outputs().containsKey(output.getValue())) {
          problem(
              "outputs." + output.getKey(),
              "the teacher trained here has no output '%s', it has %s"
                  .formatted(output.getValue(), made.graph().outputs().keySet()));
        }
      }
    }
  }
}
