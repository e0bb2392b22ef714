package io.lakestill.objective.contrastive;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.head.UnitHead;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.Optional;

/**
 * Contrastive representation distillation: a row's embedding is told from other rows' by a bank of
 * the other network's embeddings, in both directions.
 *
 * <p>{@code v = normalise(W f + b)} on both sides; student embeddings are scored against the
 * teacher's bank and teacher embeddings against the student's: {@code o_ik = exp(v_i . bank[idx_ik]
 * / T) / Z}; per side {@code -(1/B) sum_i [log(o_i0/(o_i0 + c + eps)) + sum_k log(c/(o_ik + c +
 * eps))]}, {@code c = K/n}, {@code eps = 1e-7}. {@code Z}, per side, is {@code n} times the first
 * batch's mean score, then constant. Afterwards each sample's bank row becomes {@code normalise(m
 * old + (1 - m) v)}.
 *
 * <p>Shapes: {@code student.embedding, teacher.embedding: [batch, width]} of any widths; {@code
 * weight.*_projection: [projection-dim, width]} with {@code bias}; {@code index.samples: [batch]},
 * {@code index.positives: [batch, 1]}, {@code index.negatives: [batch, negatives]}; {@code
 * state.bank_*: [n-data, projection-dim]}, {@code state.z_*: [1]}, negative until set. Both
 * projections learn.
 *
 * <p>In distributed training each worker keeps the banks of its own examples and draws negatives
 * among them; {@code n-data} is the size of that shard, and so is the {@code n} of Z.
 *
 * <p>Source: Tian, Krishnan, Isola, "Contrastive Representation Distillation", 2020;
 * HobbitLong/RepDistiller {@code crd/}.
 */
public final class Crd extends BankContrast {
  private static final long serialVersionUID = 1L;

  private transient double[] slope;

  Crd(BankOptions options) {
    super(options, 0);
  }

  @Override
  double side(
      Batch batch, Gradients gradients, NceSide side, UnitHead head, double[] v, Bank other) {
    int rows = batch.rows();
    int[] positives = batch.indices("index.positives", rows, 1, options().rows());
    int k = options().negatives();
    int[] negatives = batch.indices("index.negatives", rows, k, options().rows());
    Tensor bank = other.in(batch, options());
    side.multiply(v, rows, bank, positives, 1, negatives, k);
    double loss = side.loss(batch, rows, 1, k, bank.rows(), options().temperature());
    slope = Scratch.atLeast(slope, rows * bank.width());
    Arrays.fill(slope, 0, rows * bank.width(), 0.0);
    side.backward(slope, rows, bank, positives, 1, negatives, k);
    head.backward(slope, gradients);
    return loss;
  }

  /** Finds {@link Crd} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "crd";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      var bank = BankOptions.read(options);
      return options.build(() -> new Crd(bank.get()));
    }
  }
}
