package io.lakestill.objective.feature;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Factor transfer: the spatial factors of both sides agree.
 *
 * <p>{@code factor(x)} is the unit vector of {@code mean_c x^p1} over locations; {@code loss} is
 * the mean over {@code B h w} of {@code |factor_s - factor_t|} for {@code p2 = 1}, else of {@code
 * (factor_s - factor_t)^p2}. The larger of the two maps is first averaged to the smaller one's
 * height.
 *
 * <p>Shapes: {@code student.map, teacher.map: [batch, channels, h, w]}: outputs of translator and
 * paraphraser; channels may differ.
 *
 * <p>Source: Kim, Park, Kwak, "Paraphrasing Complex Network", 2018; HobbitLong/RepDistiller {@code
 * FT.py}. torchdistill flattens channels too instead of taking their mean.
 */
public final class FactorTransfer implements Objective {
  private static final long serialVersionUID = 1L;

  private final int p2;
  private final SpatialFactor studentFactor;
  private final SpatialFactor teacherFactor;
  private transient double[] slope;

  public FactorTransfer(int p1, int p2) {
    this.p2 = Rule.atLeast(1, "p2", p2);
    this.studentFactor = new SpatialFactor(p1);
    this.teacherFactor = new SpatialFactor(p1);
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.map", "teacher.map");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.map");
    Tensor teacher = batch.finite("teacher.map");
    MapGrid grid = MapGrid.common(student, teacher);
    double[] a = studentFactor.mean(student, grid.studentHeight(), grid.studentWidth());
    double[] t = teacherFactor.mean(teacher, grid.teacherHeight(), grid.teacherWidth());
    int size = student.rows() * grid.studentHeight() * grid.studentWidth();
    slope = Scratch.atLeast(slope, size);
    double loss = 0;
    for (int i = 0; i < size; i++) {
      double difference = a[i] - t[i];
      loss += (p2 == 1 ? Math.abs(difference) : Math.pow(difference, p2)) / size;
      slope[i] = (p2 == 1 ? Math.signum(difference) : p2 * Math.pow(difference, p2 - 1.0)) / size;
    }
    studentFactor.backward(slope, gradients.of("student.map"));
    return loss;
  }

  /** Finds {@link FactorTransfer} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "factor-transfer";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      int p1 = options.integer("p1");
      int p2 = options.integer("p2");
      return options.build(() -> new FactorTransfer(p1, p2));
    }
  }
}
