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
 * The shapes of what teachers say, found by looking at them before any of them speaks.
 *
 * @param output where those that are trained here will lie
 */
record TeacherShapes(SparkSession spark, Blueprint blueprint, OutputFolder output) {

  /**
   * Of each signal of a teacher, without the batch axis; nothing of one that is trained here.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when its model or table does not fit the
   *     recipe
   */
  Map<String, List<Integer>> of(TeacherPlan teacher) {
    if (teacher.settings().table().isPresent()) {
      return Scores.open(spark, blueprint.recipe().data(), teacher.settings()).shapes();
    }
    return new TeacherFiles(blueprint, output, spark.sessionState().newHadoopConf())
        .given(teacher)
        .map(file -> inspected(teacher, file))
        .map(
            model ->
                model.outputs().stream()
                    .collect(Collectors.toMap(SignalOutput::signal, SignalOutput::shape)))
        .orElse(Map.of());
  }

  private TeacherModel inspected(TeacherPlan teacher, OnnxFile file) {
    return TeacherModel.inspect(
        teacher.settings(),
        file,
        FeatureShape.of(teacher.features().shape()),
        blueprint.recipe().data().classes().size());
  }
}
