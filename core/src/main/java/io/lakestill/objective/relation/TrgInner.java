package io.lakestill.objective.relation;

import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.RowwiseObjective;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.Matrices;
import io.lakestill.objective.numeric.MatrixProduct;
import io.lakestill.objective.numeric.SpatialMap;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * The inner term of TRG: the tokens of an example attend to each other as the teacher's do.
 *
 * <p>{@code C = softmax(F F^T / sqrt(D))} over the {@code P} tokens {@code F: [P, D]} of one
 * example, row by row; {@code loss = 1/(B P^2) sum (C^s - C^t)^2}. Each side keeps its own width D,
 * so nothing is projected.
 *
 * <p>Shapes: {@code student.map: [batch, channels, h, w]}, {@code teacher.map} with its own
 * channels and size, both averaged over a grid of cells, the tokens. It is a mean over rows, so
 * nothing changes when the batch is shared by workers.
 *
 * <p>Experimental: read in a summary of the paper; the size of tokens is our choice.
 *
 * <p>Source: Zhang, Liu, He, "Knowledge Distillation via Token-level Relationship Graph", 2023; no
 * reference code.
 */
public final class TrgInner implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  private final int grid;
  private final SpatialMap student = new SpatialMap();
  private final SpatialMap teacher = new SpatialMap();
  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] channels;
  private transient double[] ours;
  private transient double[] theirs;
  private transient double[] line;
  private transient double[] byChannel;
  private transient double[] slope;
  private transient double[] rowLosses;

  TrgInner(int grid) {
    this.grid = Rule.atLeast(1, "grid", grid);
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.map", "teacher.map");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    double[] s = student.read(batch.finite("student.map"), grid, grid);
    double[] t = teacher.read(batch.finite("teacher.map"), grid, grid);
    int tokens = grid * grid;
    int width = student.channels();
    ours = Scratch.atLeast(ours, tokens * tokens);
    theirs = Scratch.atLeast(theirs, tokens * tokens);
    slope = Scratch.atLeast(slope, batch.rows() * width * tokens);
    byChannel = Scratch.atLeast(byChannel, width * tokens);
    rowLosses = Scratch.atLeast(rowLosses, batch.rows());
    double loss = 0;
    for (int row = 0; row < batch.rows(); row++) {
      attention(t, row, teacher.channels(), tokens, theirs);
      attention(s, row, width, tokens, ours);
      rowLosses[row] = compare(tokens, 1.0 / batch.rows(), 1 / Math.sqrt(width));
      loss += rowLosses[row] / batch.rows();
      // The channels of this row are still those of the student.
      matrices.multiply(channels, ours, width, tokens, tokens, byChannel);
      System.arraycopy(byChannel, 0, slope, row * width * tokens, width * tokens);
    }
    student.backward(slope, 1, gradients.of("student.map"));
    return loss;
  }

  /** Fills {@code attention} from the row's channels, {@code [width, tokens]}, which it keeps. */
  private void attention(double[] values, int row, int width, int tokens, double[] attention) {
    channels = Scratch.atLeast(channels, width * tokens);
    line = Scratch.atLeast(line, tokens);
    System.arraycopy(values, row * width * tokens, channels, 0, width * tokens);
    matrices.transposedMultiply(channels, channels, tokens, width, tokens, attention);
    for (int i = 0; i < tokens; i++) {
      for (int j = 0; j < tokens; j++) {
        line[j] = attention[i * tokens + j] / Math.sqrt(width);
      }
      LogSoftmax.normalise(line, tokens);
      for (int j = 0; j < tokens; j++) {
        attention[i * tokens + j] = Math.exp(line[j]);
      }
    }
  }

  /**
   * The row's loss; replaces the student's attention by the derivative of its share by {@code F
   * F^T} plus its transpose.
   */
  private double compare(int tokens, double share, double perWidth) {
    double loss = 0;
    for (int i = 0; i < tokens; i++) {
      int from = i * tokens;
      for (int j = 0; j < tokens; j++) {
        double difference = ours[from + j] - theirs[from + j];
        loss += difference * difference / (tokens * tokens);
        line[j] = 2 * share * difference / (tokens * tokens);
      }
      double mean = Doubles.dot(line, 0, ours, from, tokens);
      for (int j = 0; j < tokens; j++) {
        ours[from + j] *= (line[j] - mean) * perWidth;
      }
    }
    Matrices.addTranspose(ours, tokens);
    return loss;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
  }

  /** Finds {@link TrgInner} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "trg-inner";
    }

    @Override
    public Optional<String> experimental() {
      return Optional.of("read in a summary of the paper; the size of tokens is our choice");
    }

    @Override
    public Optional<Objective> create(Settings options) {
      int grid = options.integer("grid");
      return options.build(() -> new TrgInner(grid));
    }
  }
}
