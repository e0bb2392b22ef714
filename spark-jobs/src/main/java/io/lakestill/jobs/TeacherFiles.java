package io.lakestill.jobs;

import io.lakestill.export.Bundle;
import io.lakestill.recipe.ModelRole;
import io.lakestill.teacher.OnnxFile;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * The model file behind each teacher that is a model.
 *
 * @param blueprint whose teachers
 * @param output where those that are trained here lie
 */
record TeacherFiles(Blueprint blueprint, OutputFolder output, Configuration configuration) {

  /**
   * The file of a model that exists before the run.
   *
   * @return empty of a teacher that is trained here or is a table
   * @throws io.lakestill.error.LakestillException (exit 3) when there is none, it is damaged, or it
   *     is a bundle of other classes or other features
   */
  Optional<OnnxFile> given(TeacherPlan teacher) {
    return teacher
        .settings()
        .onnx()
        .map(path -> OnnxFile.read(new Path(path), configuration))
        .or(() -> teacher.settings().bundle().map(folder -> exported(teacher, folder)));
  }

  private OnnxFile exported(TeacherPlan teacher, String folder) {
    Bundle bundle = Bundle.open(new Path(folder), configuration);
    new BundleFit(teacher.id(), bundle, teacher.features(), blueprint.recipe().data().classes())
        .require();
    return bundle.onnx();
  }

  /** The file of any teacher that is a model; one that is trained here must have been. */
  OnnxFile of(TeacherPlan teacher) {
    return given(teacher).orElseGet(() -> trained(teacher));
  }

  private OnnxFile trained(TeacherPlan teacher) {
    int seed = teacher.training().orElseThrow().firstSeed();
    return Bundle.open(folders(teacher, seed).bundle(), configuration).onnx();
  }

  /** Where a teacher that is trained here leaves what it makes. */
  ModelFolders folders(TeacherPlan teacher, int seed) {
    return blueprint.teachers().size() > 1
        ? output.teacher(teacher.id(), seed)
        : output.model(ModelRole.TEACHER, seed, seed);
  }
}
