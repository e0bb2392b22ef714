package io.lakestill.objective.contrastive;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.head.UnitHead;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.UnitRows;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.Optional;

/**
 * Complementary relation contrast: what is contrasted is the direction from an anchor to a row.
 *
 * <p>{@code v = normalise(W f + b)}; anchors are the bank rows of the batch's samples, before the
 * update. Student side: {@code r_im = normalise(v^s_i - bank_t[y_m] + 1e-6)}, {@code R_imk =
 * normalise(bank_t[idx_ik] - bank_t[y_m] + 1e-6)}, {@code o_imk = exp(r_im . R_imk / T)/Z}; then
 * the side loss of {@code crd} over {@code B^2} rows. Teacher side: the same with {@code v^t} and
 * {@code bank_s}. Banks are updated as in {@code crd}. Divisors are at least 1e-12.
 *
 * <p>The shift of 1e-6 makes the relation of a row with itself the direction {@code (1, ..., 1)},
 * as in the reference; that is why differences are formed entry by entry. Cost {@code B^2 K D} per
 * side.
 *
 * <p>Shapes: as {@code crd}; the first slot is {@code index.positives}.
 *
 * <p>In distributed training each worker keeps the banks of its own examples and draws negatives
 * among them; {@code n-data} is the size of that shard, and so is the {@code n} of Z.
 *
 * <p>Source: Zhu et al., "Complementary Relation Contrastive Distillation", 2021; Lechatelia/CRCD
 * {@code crcd/}, which its authors call incomplete.
 */
public final class CrcdFeature extends BankContrast {
  private static final long serialVersionUID = 1L;
  private static final double FLOOR = 1e-12;
  private static final double SHIFT = 1e-6;

  private transient double[] relation;
  private transient double[] other;
  private transient double[] norm;
  private transient double[] byRelation;
  private transient double[] slope;

  CrcdFeature(BankOptions options) {
    super(options, FLOOR);
  }

  @Override
  double side(
      Batch batch, Gradients gradients, NceSide side, UnitHead head, double[] v, Bank source) {
    int rows = batch.rows();
    int k = options().negatives();
    Tensor bank = source.in(batch, options());
    int width = bank.width();
    int[] samples = batch.indices("index.samples", rows, 1, bank.rows());
    int[] positives = batch.indices("index.positives", rows, 1, bank.rows());
    int[] negatives = batch.indices("index.negatives", rows, k, bank.rows());
    relation = Scratch.atLeast(relation, width);
    other = Scratch.atLeast(other, width);
    norm = Scratch.atLeast(norm, 1);
    byRelation = Scratch.atLeast(byRelation, width);
    slope = Scratch.atLeast(slope, rows * width);
    double[] products = side.products(rows * rows * (1 + k));
    for (int pair = 0; pair < rows * rows; pair++) {
      towards(v, pair / rows, bank, samples[pair % rows]);
      for (int slot = 0; slot <= k; slot++) {
        int i = pair / rows;
        towards(bank, slot == 0 ? positives[i] : negatives[i * k + slot - 1], samples[pair % rows]);
        products[pair * (1 + k) + slot] = Doubles.dot(relation, 0, other, 0, width);
      }
    }
    double loss = side.loss(batch, rows * rows, 1, k, bank.rows(), options().temperature());
    Arrays.fill(slope, 0, rows * width, 0.0);
    for (int pair = 0; pair < rows * rows; pair++) {
      int i = pair / rows;
      Arrays.fill(byRelation, 0, width, 0.0);
      for (int slot = 0; slot <= k; slot++) {
        towards(bank, slot == 0 ? positives[i] : negatives[i * k + slot - 1], samples[pair % rows]);
        for (int d = 0; d < width; d++) {
          byRelation[d] += side.slope()[pair * (1 + k) + slot] * other[d];
        }
      }
      towards(v, i, bank, samples[pair % rows]);
      UnitRows.backward(byRelation, relation, norm, 1, width, FLOOR);
      for (int d = 0; d < width; d++) {
        slope[i * width + d] += byRelation[d];
      }
    }
    head.backward(slope, gradients);
    return loss;
  }

  /**
   * The direction from an anchor to an embedding, in {@code relation}; its length in {@code norm}.
   */
  private void towards(double[] v, int row, Tensor bank, int anchor) {
    int width = bank.width();
    for (int d = 0; d < width; d++) {
      relation[d] = v[row * width + d] - bank.data()[anchor * width + d] + SHIFT;
    }
    UnitRows.normalise(relation, 1, width, FLOOR, norm);
  }

  /** The direction from an anchor to a row of the bank, in {@code other}. */
  private void towards(Tensor bank, int row, int anchor) {
    int width = bank.width();
    for (int d = 0; d < width; d++) {
      other[d] = (double) bank.data()[row * width + d] - bank.data()[anchor * width + d] + SHIFT;
    }
    UnitRows.normalise(other, 1, width, FLOOR, norm);
  }

  /** Finds {@link CrcdFeature} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "crcd-feature";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      var bank = BankOptions.read(options);
      return options.build(() -> new CrcdFeature(bank.get()));
    }
  }
}
