package io.lakestill.jobs;

import io.lakestill.data.FeatureShape;
import io.lakestill.teacher.OnnxFile;
import io.lakestill.teacher.SignalOutput;
import io.lakestill.teacher.TeacherModel;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;

/**
 * The shapes of what teachers say, and what they take to say it, found by looking at them before
 * any of them speaks.
 *
 * @param output where those that are trained here will lie
 */
record TeacherShapes(SparkSession spark, Blueprint blueprint, OutputFolder output) {

  /**
   * What is known of a teacher that does not speak yet.
   *
   * @param signals the shape of each, without the batch axis; nothing of one that is trained here
   * @param modelBytes of its file; 0 where there is none yet, or it is a table
   */
  record Known(Map<String, List<Integer>> signals, long modelBytes) {
    static final Known NOTHING = new Known(Map.of(), 0);

    /** Values of one row, of all signals. */
    long values() {
      return signals.values().stream()
          .mapToLong(shape -> shape.stream().reduce(1, Math::multiplyExact))
          .sum();
    }
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) when its model or table does not fit the
   *     recipe
   */
  Known of(TeacherPlan teacher) {
    if (teacher.settings().table().isPresent()) {
      return new Known(
          Scores.open(spark, blueprint.recipe().data(), teacher.settings()).shapes(), 0);
    }
    return new TeacherFiles(blueprint, output, spark.sessionState().newHadoopConf())
        .given(teacher)
        .map(file -> new Known(shapes(inspected(teacher, file)), file.bytes().length))
        .orElse(Known.NOTHING);
  }

  private static Map<String, List<Integer>> shapes(TeacherModel model) {
    return model.outputs().stream()
        .collect(Collectors.toMap(SignalOutput::signal, SignalOutput::shape));
  }

  private TeacherModel inspected(TeacherPlan teacher, OnnxFile file) {
    return TeacherModel.inspect(
        teacher.settings(),
        file,
        FeatureShape.of(teacher.features().shape()),
        blueprint.recipe().data().classes().size());
  }
}
