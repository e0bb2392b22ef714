package io.lakestill.objective.feature;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Attention transfer: the student looks where the teacher looks.
 *
 * <p>{@code mode = code}: {@code A(x)} is the unit vector of {@code mean_c x^p} over locations;
 * {@code loss} is the mean over {@code B h w} of {@code (A_s - A_t)^2}, the larger of the two maps
 * first averaged to the smaller one's height on both axes. {@code mode = paper}: {@code A} from the
 * sum over channels, {@code loss = (1/B) sum_b |A_s - A_t|}, for maps of the same size.
 *
 * <p>Shapes: {@code student.map: [batch, channels, h, w]}, {@code teacher.map} likewise with its
 * own channels. A map of zeros has {@code A = 0} and gradient 0.
 *
 * <p>Source: Zagoruyko, Komodakis, "Paying More Attention to Attention", 2017;
 * megvii-research/mdistiller {@code AT.py} (code), torchdistill {@code mid_level.py}, {@code
 * ATLoss} (paper).
 */
public final class AttentionTransfer implements Objective {
  private static final long serialVersionUID = 1L;

  /** Which of the two forms. */
  public enum Mode {
    CODE,
    PAPER
  }

  private final Mode mode;
  private final SpatialFactor studentFactor;
  private final SpatialFactor teacherFactor;
  private transient double[] slope;

  public AttentionTransfer(int p, Mode mode) {
    this.mode = mode;
    this.studentFactor = new SpatialFactor(p);
    this.teacherFactor = new SpatialFactor(p);
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.map", "teacher.map");
  }

  @Override
  public boolean rowwise() {
    return true;
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.map");
    Tensor teacher = batch.finite("teacher.map");
    double[] a;
    double[] t;
    int positions;
    if (mode == Mode.CODE) {
      MapGrid grid = MapGrid.common(student, teacher);
      a = studentFactor.mean(student, grid.studentHeight(), grid.studentWidth());
      t = teacherFactor.mean(teacher, grid.teacherHeight(), grid.teacherWidth());
      positions = grid.studentHeight() * grid.studentWidth();
    } else {
      MapGrid.requireSame(student, teacher);
      a = studentFactor.sum(student);
      t = teacherFactor.sum(teacher);
      positions = student.dimension(2) * student.dimension(3);
    }
    int rows = student.rows();
    slope = Scratch.atLeast(slope, rows * positions);
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      double squares = 0;
      for (int i = row * positions; i < (row + 1) * positions; i++) {
        slope[i] = a[i] - t[i];
        squares += slope[i] * slope[i];
      }
      double length = Math.sqrt(squares);
      loss += mode == Mode.CODE ? squares / rows / positions : length / rows;
      double scale =
          mode == Mode.CODE ? 2.0 / rows / positions : length > 0 ? 1 / (length * rows) : 0;
      for (int i = row * positions; i < (row + 1) * positions; i++) {
        slope[i] *= scale;
      }
    }
    studentFactor.backward(slope, gradients.of("student.map"));
    return loss;
  }

  /** Finds {@link AttentionTransfer} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "attention-transfer";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      int p = options.integer("p");
      Mode mode = options.choice("mode", Mode.class);
      return options.build(() -> new AttentionTransfer(p, mode));
    }
  }
}
