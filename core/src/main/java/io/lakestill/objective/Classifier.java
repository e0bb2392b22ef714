package io.lakestill.objective;

import java.io.Serializable;
import java.util.function.UnaryOperator;

/**
 * The last layer of student or teacher as an input of an objective: {@code logits = W features +
 * b}, by which the model makes its logits of one of its outputs.
 *
 * <p>The batch holds {@code weight.<name>: [classes, width]} and, where the layer has a bias,
 * {@code bias.<name>: [classes]}. The student's learns by the objective's gradient as by any other;
 * a teacher's is constant.
 *
 * @param name such as {@code student_classifier}
 * @param features what the layer reads: {@code student.<output>} or {@code teacher.<signal>}
 */
public record Classifier(String name, String features) implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final String STUDENT = "student.";
  private static final String TEACHER = "teacher.";

  public Classifier {
    if (!features.startsWith(STUDENT) && !features.startsWith(TEACHER)) {
      throw new IllegalArgumentException(
          "features must be an output of the student or a signal of a teacher, is '%s'"
              .formatted(features));
    }
  }

  /** Whether it is the student's own. */
  public boolean ofStudent() {
    return features.startsWith(STUDENT);
  }

  /** The output or signal that it reads, without whose it is. */
  public String source() {
    return features.substring(features.indexOf('.') + 1);
  }

  /** The name of its weight in a batch. */
  public String weight() {
    return "weight." + name;
  }

  /** The name of its bias in a batch. */
  public String bias() {
    return "bias." + name;
  }

  /** The same under other names. */
  Classifier renamed(UnaryOperator<String> names) {
    return new Classifier(names.apply(name), names.apply(features));
  }
}
