package io.lakestill.objective.feature;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Head;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.InitialValues;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.head.LinearHead;
import io.lakestill.objective.numeric.Sigmoid;
import io.lakestill.objective.numeric.SpatialMap;
import io.lakestill.recipe.Settings;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Variational information distillation: the student's map predicts the teacher's, up to a learned
 * variance per channel.
 *
 * <p>{@code mean = W2 relu(W1 relu(W0 s))}, 1x1 convolutions without bias; {@code var_c = log(1 +
 * exp(log_scale_c)) + eps}; {@code loss} is the mean over all elements of {@code ((mean - t)^2 /
 * var + log var)/2}.
 *
 * <p>Shapes: {@code student.map: [batch, in, h, w]}, {@code teacher.map: [batch, out, h, w]},
 * {@code weight.regressor.0: [hidden, in]}, {@code .1: [hidden, hidden]}, {@code .2: [out,
 * hidden]}, {@code weight.log_scale: [out]}; {@code hidden} is the teacher's channels where the
 * option is absent. The larger map is first averaged to the smaller one's height. The logarithm is
 * formed so that no log-scale overflows.
 *
 * <p>Source: Ahn, Hu, Damianou, Lawrence, Dai, "Variational Information Distillation", 2019;
 * HobbitLong/RepDistiller {@code VID.py}, whose log-scale starts at {@code log(exp(5 - eps) - 1)}.
 */
public final class Vid implements Objective {
  private static final long serialVersionUID = 1L;

  /** The variance of each channel before the first step. */
  private static final double INITIAL_VARIANCE = 5;

  /** 0 for as many as the teacher has. */
  private final int hiddenChannels;

  private final double eps;
  private final SpatialMap studentMap = new SpatialMap();
  private final SpatialMap teacherMap = new SpatialMap();
  private final LinearHead first = new LinearHead("regressor.0");
  private final LinearHead second = new LinearHead("regressor.1");
  private final LinearHead third = new LinearHead("regressor.2");
  private transient double[] hidden;
  private transient double[] deeper;
  private transient double[] slope;

  Vid(OptionalInt hiddenChannels, double eps) {
    hiddenChannels.ifPresent(channels -> Rule.atLeast(1, "hidden", channels));
    this.hiddenChannels = hiddenChannels.orElse(0);
    this.eps = Rule.positive("eps", eps);
  }

  @Override
  public Requirements requires() {
    return Requirements.of(
        "student.map",
        "teacher.map",
        "weight.regressor.0",
        "weight.regressor.1",
        "weight.regressor.2",
        "weight.log_scale");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    int in = dimensions.channels("student.map");
    int out = dimensions.channels("teacher.map");
    int middle = hiddenChannels == 0 ? out : hiddenChannels;
    double logScale = Math.log(Math.expm1(INITIAL_VARIANCE - eps));
    Head scale = new Head("weight.log_scale", List.of(out), new InitialValues.Constant(logScale));
    return first
        .equipWithoutBias(in, middle)
        .and(second.equipWithoutBias(middle, middle))
        .and(third.equipWithoutBias(middle, out))
        .and(new Equipment(List.of(scale), List.of(), List.of()));
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor ours = batch.finite("student.map");
    Tensor theirs = batch.finite("teacher.map");
    Tensor logScale = batch.finite("weight.log_scale");
    MapGrid grid = MapGrid.common(ours, theirs);
    double[] s = studentMap.read(ours, grid.studentHeight(), grid.studentWidth());
    double[] t = teacherMap.read(theirs, grid.teacherHeight(), grid.teacherWidth());
    int rows = ours.rows();
    int positions = studentMap.positions();
    double[] zeroth = first.forward(batch, s, rows, studentMap.channels(), positions);
    hidden = rectified(zeroth, rows * first.out() * positions, hidden);
    double[] middle = second.forward(batch, hidden, rows, first.out(), positions);
    deeper = rectified(middle, rows * second.out() * positions, deeper);
    double[] mean = third.forward(batch, deeper, rows, second.out(), positions);
    int channels = teacherMap.channels();
    int size = rows * channels * positions;
    slope = Scratch.atLeast(slope, size);
    double loss = 0;
    for (int plane = 0; plane < rows * channels; plane++) {
      double scale = logScale.data()[plane % channels];
      double variance = Sigmoid.softplus(scale) + eps;
      double byVariance = 0;
      for (int i = plane * positions; i < (plane + 1) * positions; i++) {
        double difference = mean[i] - t[i];
        double squared = difference * difference / variance;
        loss += (squared + Math.log(variance)) / 2 / size;
        slope[i] = difference / variance / size;
        byVariance += (1 - squared) / variance / 2 / size;
      }
      gradients.of("weight.log_scale").data()[plane % channels] +=
          (float) (byVariance * Sigmoid.of(scale));
    }
    double[] byDeeper = third.backward(slope, gradients);
    gate(byDeeper, deeper, rows * second.out() * positions);
    double[] byHidden = second.backward(byDeeper, gradients);
    gate(byHidden, hidden, rows * first.out() * positions);
    studentMap.backward(first.backward(byHidden, gradients), 1, gradients.of("student.map"));
    return loss;
  }

  private static double[] rectified(double[] values, int size, double[] reused) {
    double[] positive = Scratch.atLeast(reused, size);
    for (int i = 0; i < size; i++) {
      positive[i] = Math.max(0, values[i]);
    }
    return positive;
  }

  private static void gate(double[] slope, double[] rectified, int size) {
    for (int i = 0; i < size; i++) {
      if (rectified[i] == 0) {
        slope[i] = 0;
      }
    }
  }

  /** Finds {@link Vid} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "vid";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      OptionalInt hidden =
          options.has("hidden") ? OptionalInt.of(options.integer("hidden")) : OptionalInt.empty();
      double eps = options.number("eps");
      return options.build(() -> new Vid(hidden, eps));
    }
  }
}
