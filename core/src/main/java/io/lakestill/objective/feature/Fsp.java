package io.lakestill.objective.feature;

import io.lakestill.error.Errors;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.MatrixProduct;
import io.lakestill.objective.numeric.SpatialMap;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * The flow of solution procedure: how two layers' channels go together.
 *
 * <p>{@code FSP[b,j,i] = mean over locations of bottom_i top_j}, the larger of the two maps first
 * averaged to the smaller one's height; {@code loss} is the mean over all entries of {@code (FSP_s
 * - FSP_t)^2}.
 *
 * <p>Shapes: {@code student.map.1} (bottom) and {@code student.map.2} (top): {@code [batch,
 * channels, h, w]}, {@code teacher.map.1}, {@code teacher.map.2} with the same channels.
 *
 * <p>Source: Yim, Joo, Bae, Kim, "A Gift from Knowledge Distillation", 2017;
 * HobbitLong/RepDistiller {@code FSP.py}. torchdistill pools by the maximum and sums column norms.
 */
public final class Fsp implements Objective {
  private static final long serialVersionUID = 1L;

  private final SpatialMap studentBottom = new SpatialMap();
  private final SpatialMap studentTop = new SpatialMap();
  private final SpatialMap teacherBottom = new SpatialMap();
  private final SpatialMap teacherTop = new SpatialMap();
  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] studentFlow;
  private transient double[] teacherFlow;
  private transient double[] byBottom;
  private transient double[] byTop;

  @Override
  public Requirements requires() {
    return Requirements.of("student.map.1", "student.map.2", "teacher.map.1", "teacher.map.2");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    double[] bottom = read(batch, "student", studentBottom, studentTop);
    double[] top = studentTop.values();
    studentFlow = flow(studentBottom, studentTop, studentFlow);
    read(batch, "teacher", teacherBottom, teacherTop);
    teacherFlow = flow(teacherBottom, teacherTop, teacherFlow);
    int rows = studentTop.rows();
    int bottoms = studentBottom.channels();
    int tops = studentTop.channels();
    int positions = studentTop.positions();
    if (bottoms != teacherBottom.channels() || tops != teacherTop.channels()) {
      throw Errors.badInput(
          "fsp needs maps of equal channels: the student's have %d and %d, the teacher's %d and %d."
              .formatted(bottoms, tops, teacherBottom.channels(), teacherTop.channels()));
    }
    byBottom = Scratch.atLeast(byBottom, rows * bottoms * positions);
    byTop = Scratch.atLeast(byTop, rows * tops * positions);
    int size = rows * tops * bottoms;
    double loss = 0;
    for (int entry = 0; entry < size; entry++) {
      double difference = studentFlow[entry] - teacherFlow[entry];
      loss += difference * difference / size;
      studentFlow[entry] = 2 * difference / size / positions;
    }
    for (int row = 0; row < rows; row++) {
      int at = row * tops * bottoms;
      int topAt = row * tops * positions;
      int bottomAt = row * bottoms * positions;
      matrices.multiply(studentFlow, at, bottom, bottomAt, tops, bottoms, positions, byTop, topAt);
      matrices.transposedMultiply(
          studentFlow, at, top, topAt, bottoms, tops, positions, byBottom, bottomAt);
    }
    studentBottom.backward(byBottom, 1, gradients.of("student.map.1"));
    studentTop.backward(byTop, 1, gradients.of("student.map.2"));
    return loss;
  }

  /** Reads both maps of a side on their common grid; returns the bottom one's values. */
  private static double[] read(Batch batch, String side, SpatialMap bottom, SpatialMap top) {
    Tensor lower = batch.finite(side + ".map.1");
    Tensor upper = batch.finite(side + ".map.2");
    MapGrid grid = MapGrid.common(lower, upper);
    top.read(upper, grid.teacherHeight(), grid.teacherWidth());
    return bottom.read(lower, grid.studentHeight(), grid.studentWidth());
  }

  private double[] flow(SpatialMap bottom, SpatialMap top, double[] reused) {
    int tops = top.channels();
    int bottoms = bottom.channels();
    int positions = top.positions();
    double[] flow = Scratch.atLeast(reused, top.rows() * tops * bottoms);
    for (int row = 0; row < top.rows(); row++) {
      int topAt = row * tops * positions;
      int bottomAt = row * bottoms * positions;
      int at = row * tops * bottoms;
      matrices.multiplyTransposed(
          top.values(), topAt, bottom.values(), bottomAt, tops, positions, bottoms, flow, at);
    }
    for (int i = 0; i < top.rows() * tops * bottoms; i++) {
      flow[i] /= positions;
    }
    return flow;
  }

  /** Finds {@link Fsp} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "fsp";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      return options.build(Fsp::new);
    }
  }
}
