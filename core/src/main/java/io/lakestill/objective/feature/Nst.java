package io.lakestill.objective.feature;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.MatrixProduct;
import io.lakestill.objective.numeric.SpatialMap;
import io.lakestill.objective.numeric.UnitRows;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.Optional;

/**
 * Neuron selectivity transfer: the channels' patterns have the same distribution.
 *
 * <p>Channels are samples: {@code f_c} is the unit vector of channel {@code c} over locations.
 * {@code loss} is the mean over rows of {@code mean k(t,t) + mean k(s,s) - 2 mean k(s,t)} with
 * {@code k(a, b) = (a.b)^2}, means over pairs of channels. The larger of the two maps is first
 * averaged to the smaller one's height.
 *
 * <p>Shapes: {@code student.map: [batch, channels, h, w]}, {@code teacher.map} with its own
 * channels.
 *
 * <p>Source: Huang, Wang, "Like What You Like", 2017; megvii-research/mdistiller {@code NST.py}.
 */
public final class Nst implements Objective {
  private static final long serialVersionUID = 1L;

  private static final double FLOOR = 1e-12;

  private final SpatialMap studentMap = new SpatialMap();
  private final SpatialMap teacherMap = new SpatialMap();
  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] norms;
  private transient double[] gram;
  private transient double[] slope;
  private transient double[] product;

  @Override
  public Requirements requires() {
    return Requirements.of("student.map", "teacher.map");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor ours = batch.finite("student.map");
    Tensor theirs = batch.finite("teacher.map");
    MapGrid grid = MapGrid.common(ours, theirs);
    double[] s = studentMap.read(ours, grid.studentHeight(), grid.studentWidth());
    double[] t = teacherMap.read(theirs, grid.teacherHeight(), grid.teacherWidth());
    int rows = ours.rows();
    int width = studentMap.positions();
    int studentChannels = studentMap.channels();
    int teacherChannels = teacherMap.channels();
    int most = Math.max(studentChannels, teacherChannels);
    norms = Scratch.atLeast(norms, rows * most);
    gram = Scratch.atLeast(gram, most * most);
    slope = Scratch.atLeast(slope, rows * studentChannels * width);
    product = Scratch.atLeast(product, studentChannels * width);
    Arrays.fill(slope, 0, rows * studentChannels * width, 0.0);
    UnitRows.normalise(t, rows * teacherChannels, width, FLOOR, norms);
    UnitRows.normalise(s, rows * studentChannels, width, FLOOR, norms);
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      int at = row * studentChannels * width;
      int teacherAt = row * teacherChannels * width;
      matrices.gram(t, teacherAt, teacherChannels, width, gram, 0);
      loss += meanSquare(teacherChannels * teacherChannels) / rows;
      matrices.gram(s, at, studentChannels, width, gram, 0);
      loss += meanSquare(studentChannels * studentChannels) / rows;
      double own = 4.0 / rows / studentChannels / studentChannels;
      addProduct(own, studentChannels, s, at, studentChannels, width, at);
      matrices.multiplyTransposed(
          s, at, t, teacherAt, studentChannels, width, teacherChannels, gram, 0);
      loss -= 2 * meanSquare(studentChannels * teacherChannels) / rows;
      double cross = -4.0 / rows / studentChannels / teacherChannels;
      addProduct(cross, studentChannels, t, teacherAt, teacherChannels, width, at);
    }
    UnitRows.backward(slope, s, norms, rows * studentChannels, width, FLOOR);
    studentMap.backward(slope, 1, gradients.of("student.map"));
    return loss;
  }

  private double meanSquare(int pairs) {
    double sum = 0;
    for (int i = 0; i < pairs; i++) {
      sum += gram[i] * gram[i];
    }
    return sum / pairs;
  }

  private void addProduct(double factor, int m, double[] b, int from, int n, int width, int at) {
    matrices.multiply(gram, 0, b, from, m, n, width, product, 0);
    for (int i = 0; i < m * width; i++) {
      slope[at + i] += factor * product[i];
    }
  }

  /** Finds {@link Nst} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "nst";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      return options.build(Nst::new);
    }
  }
}
