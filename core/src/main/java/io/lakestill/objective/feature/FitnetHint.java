package io.lakestill.objective.feature;

import io.lakestill.error.Errors;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.head.LinearHead;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * FitNets' hint: a projected layer of the student equals a layer of the teacher.
 *
 * <p>{@code loss = mean over all elements of (W s + b - t)^2}, W applied to the channels at each
 * location ({@code projector = conv1x1}) or to the row ({@code projector = linear}).
 *
 * <p>Shapes: {@code student.map: [batch, in, h, w]}, {@code teacher.map: [batch, out, h, w]}, or
 * {@code student.embedding: [batch, in]}, {@code teacher.embedding: [batch, out]}; {@code
 * weight.projector: [out, in]}, {@code bias.projector: [out]} when {@code bias = true}.
 *
 * <p>Source: Romero et al., "FitNets", 2015; HobbitLong/RepDistiller {@code FitNet.py}, {@code
 * HintLoss}. Its regressor ends in batch normalisation and ReLU; here it is the linear map alone,
 * so that the result does not depend on batch statistics.
 */
public final class FitnetHint implements Objective {
  private static final long serialVersionUID = 1L;

  /** What the sum is divided by. */
  public enum Reduction {
    /** All elements. */
    MEAN
  }

  /** What is projected. */
  public enum Projector {
    CONV1X1("map"),
    LINEAR("embedding");

    private final String feature;

    Projector(String feature) {
      this.feature = feature;
    }
  }

  private final String studentName;
  private final String teacherName;
  private final boolean bias;
  private final LinearHead head = new LinearHead("projector");
  private transient double[] values;

  private FitnetHint(Projector projector, boolean bias) {
    this.studentName = "student." + projector.feature;
    this.teacherName = "teacher." + projector.feature;
    this.bias = bias;
  }

  @Override
  public Requirements requires() {
    Requirements inputs = Requirements.of(studentName, teacherName, "weight.projector");
    return bias ? inputs.and(Requirements.of("bias.projector")) : inputs;
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    int in = dimensions.channels(studentName);
    int out = dimensions.channels(teacherName);
    return bias ? head.equip(in, out) : head.equipWithoutBias(in, out);
  }

  @Override
  public boolean rowwise() {
    return true;
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor student = batch.finite(studentName);
    Tensor teacher = batch.finite(teacherName);
    int channels = student.dimension(1);
    int positions = student.width() / channels;
    values = Doubles.of(student, values);
    double[] projected = head.forward(batch, values, student.rows(), channels, positions);
    int size = student.rows() * head.out() * positions;
    if (size != teacher.size()) {
      throw Errors.badInput(
          "'%s' is %s but the projected student has %d channels at %d locations."
              .formatted(teacherName, teacher, head.out(), positions));
    }
    double loss = 0;
    for (int i = 0; i < size; i++) {
      double difference = projected[i] - teacher.data()[i];
      loss += difference * difference / size;
      projected[i] = 2 * difference / size;
    }
    Doubles.addTo(gradients.of(studentName), 1, head.backward(projected, gradients));
    return loss;
  }

  /** Finds {@link FitnetHint} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "fitnet-hint";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Projector projector = options.choice("projector", Projector.class);
      boolean bias = options.flag("bias");
      options.choice("reduction", Reduction.class);
      return options.build(() -> new FitnetHint(projector, bias));
    }
  }
}
