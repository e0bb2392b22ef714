package io.lakestill.jobs;

import io.lakestill.signal.SignalColumn;
import io.lakestill.teacher.OnnxFile;
import io.lakestill.teacher.OnnxLinear;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Where the numbers of a teacher are that is a model.
 *
 * @param file of the model; read when a loss asks for them, and not before
 * @param tensors of the model, by the signals they give
 */
record TeacherWeights(Supplier<OnnxFile> file, Map<String, String> tensors) {
  TeacherWeights {
    tensors = Map.copyOf(tensors);
  }

  /**
   * The layer that makes logits of a signal.
   *
   * @param model the file, read
   * @throws io.lakestill.error.LakestillException (exit 3) when the model has none
   */
  OnnxLinear lastLayer(OnnxFile model, String signal) {
    return model.linear(tensors.get(signal), tensors.get(SignalColumn.LOGITS));
  }
}
