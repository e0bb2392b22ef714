package io.lakestill.jobs;

import io.lakestill.data.FeaturePipeline;
import io.lakestill.export.Bundle;
import io.lakestill.student.Layer;
import io.lakestill.student.StudentGraph;
import io.lakestill.teacher.OnnxFile;
import io.lakestill.teacher.OnnxModel;
import io.lakestill.teacher.OnnxRunner;
import io.lakestill.teacher.TeacherModel;
import java.io.Serializable;
import java.util.List;

/**
 * A model that is measured on the test rows.
 *
 * @param name what messages call it
 * @param onnx the model
 * @param input the name of its input
 * @param rowShape the shape of one input row, without the batch
 * @param logits the name of the tensor that gives one logit per class
 * @param inner that name, when it is no output of the model
 * @param features how it sees an example
 * @param own what it is shown of an example instead of what a student is: one, or none
 */
@SuppressWarnings("ArrayRecordComponent") // Compared by nobody; the bytes are megabytes.
record Contestant(
    String name,
    byte[] onnx,
    String input,
    List<Long> rowShape,
    String logits,
    List<String> inner,
    FeaturePipeline features,
    List<OwnFeatures> own)
    implements Candidate, Examined, Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * @param file the teacher's file
   */
  static Contestant of(
      TeacherModel teacher, OnnxFile file, FeaturePipeline features, List<OwnFeatures> own) {
    String logits = teacher.outputs().get(0).tensor();
    return new Contestant(
        "teacher " + teacher.id(),
        file.bytes(),
        teacher.input(),
        teacher.rowShape(),
        logits,
        teacher.inner().contains(logits) ? List.of(logits) : List.of(),
        features,
        own);
  }

  static Contestant of(Bundle bundle, FeaturePipeline features) {
    return new Contestant(
        bundle.folder().toString(),
        bundle.onnx().bytes(),
        Layer.INPUT,
        bundle.manifest().graph().input().sizes().stream().map(Integer::longValue).toList(),
        StudentGraph.LOGITS,
        List.of(),
        features,
        List.of());
  }

  /** A model that is shown what a student is. */
  Contestant(
      String name,
      byte[] onnx,
      String input,
      List<Long> rowShape,
      String logits,
      List<String> inner,
      FeaturePipeline features) {
    this(name, onnx, input, rowShape, logits, inner, features, List.of());
  }

  OnnxModel open() {
    return OnnxModel.open(OnnxFile.of(onnx, name), inner);
  }

  OnnxRunner runner(OnnxModel model, int batch) {
    long[] shape = rowShape.stream().mapToLong(Long::longValue).toArray();
    return model.runner(input, shape, List.of(logits), batch);
  }
}
