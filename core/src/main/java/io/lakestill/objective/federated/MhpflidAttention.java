package io.lakestill.objective.federated;

import io.lakestill.error.Errors;
import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.head.LinearHead;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.Optional;

/**
 * The receiver of MH-pFLID: the messenger's features read the local model's by attention.
 *
 * <p>{@code L = W_d I_local}, {@code Q = W_q I_messenger}, {@code K = W_k L}, {@code V = W_v L};
 * {@code out = softmax(Q K^T / sqrt(D)) V} over positions. As an objective it is the sum of {@code
 * out} times {@code state.cotangent}, so its gradients are those of the receiver within a network.
 *
 * <p>Shapes: {@code local.features: [batch, n, d_local]}, {@code messenger.features: [batch, m,
 * D]}, {@code weight.d: [D, d_local]}, {@code weight.q, .k, .v: [D, D]}, {@code state.cotangent:
 * [batch, m, D]}.
 *
 * <p>Source: Xie et al., "MH-pFLID", 2024, by its equations; the public re-implementation attends
 * across the batch, which is not reproduced.
 */
public final class MhpflidAttention implements Objective {
  private static final long serialVersionUID = 1L;

  private final LinearHead down = new LinearHead("d");
  private final LinearHead queryHead = new LinearHead("q");
  private final LinearHead keyHead = new LinearHead("k");
  private final LinearHead valueHead = new LinearHead("v");
  private transient double[] local;
  private transient double[] messenger;
  private transient double[] line;
  private transient double[] byLine;
  private transient double[] attention;
  private transient double[] byQuery;
  private transient double[] byKey;
  private transient double[] byValue;

  @Override
  public Requirements requires() {
    return Requirements.of(
        "local.features",
        "messenger.features",
        "weight.d",
        "weight.q",
        "weight.k",
        "weight.v",
        "state.cotangent");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    throw Errors.notTrainable(
        "mhpflid-attention",
        "the features of a messenger and of a local model",
        "it is a layer within a federated network, not the loss of a student; use"
            + " mhpflid-distill-loss");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor ours = batch.finite("local.features");
    Tensor theirs = batch.finite("messenger.features");
    Tensor cotangent = batch.state().tensor("state.cotangent");
    int n = ours.dimension(1);
    int m = theirs.dimension(1);
    int width = theirs.dimension(2);
    int rows = ours.rows();
    local = Doubles.of(ours, local);
    messenger = Doubles.of(theirs, messenger);
    // Positions are rows of their own: a head maps the last axis.
    double[] l = down.forward(batch, local, rows * n, ours.dimension(2), 1);
    double[] q = queryHead.forward(batch, messenger, rows * m, width, 1);
    double[] k = keyHead.forward(batch, l, rows * n, width, 1);
    double[] v = valueHead.forward(batch, l, rows * n, width, 1);
    line = Scratch.atLeast(line, n);
    byLine = Scratch.atLeast(byLine, n);
    attention = Scratch.atLeast(attention, rows * m * n);
    byQuery = zeros(byQuery, rows * m * width);
    byKey = zeros(byKey, rows * n * width);
    byValue = zeros(byValue, rows * n * width);
    double loss = 0;
    for (int position = 0; position < rows * m; position++) {
      int first = position / m * n;
      loss += attend(q, k, v, cotangent, position * width, first * width, n, width);
    }
    Doubles.addTo(gradients.of("messenger.features"), 1, queryHead.backward(byQuery, gradients));
    double[] byL = keyHead.backward(byKey, gradients);
    double[] alsoByL = valueHead.backward(byValue, gradients);
    for (int i = 0; i < rows * n * width; i++) {
      byL[i] += alsoByL[i];
    }
    Doubles.addTo(gradients.of("local.features"), 1, down.backward(byL, gradients));
    return loss;
  }

  private double attend(
      double[] q, double[] k, double[] v, Tensor cotangent, int at, int first, int n, int width) {
    double scale = 1 / Math.sqrt(width);
    for (int j = 0; j < n; j++) {
      line[j] = scale * Doubles.dot(q, at, k, first + j * width, width);
    }
    LogSoftmax.normalise(line, n);
    double mean = 0;
    for (int j = 0; j < n; j++) {
      double share = Math.exp(line[j]);
      attention[at / width * n + j] = share;
      byLine[j] = 0;
      for (int d = 0; d < width; d++) {
        byLine[j] += cotangent.at(at + d) * v[first + j * width + d];
        byValue[first + j * width + d] += share * cotangent.at(at + d);
      }
      mean += share * byLine[j];
    }
    for (int j = 0; j < n; j++) {
      double by = scale * Math.exp(line[j]) * (byLine[j] - mean);
      for (int d = 0; d < width; d++) {
        byQuery[at + d] += by * k[first + j * width + d];
        byKey[first + j * width + d] += by * q[at + d];
      }
    }
    return mean;
  }

  /** {@code [batch, m, n]} of the last {@link #evaluate}. */
  double[] attention() {
    return attention;
  }

  private static double[] zeros(double[] reused, int size) {
    double[] zeros = Scratch.atLeast(reused, size);
    Arrays.fill(zeros, 0, size, 0.0);
    return zeros;
  }

  /** Finds {@link MhpflidAttention} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "mhpflid-attention";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      return options.build(MhpflidAttention::new);
    }
  }
}
