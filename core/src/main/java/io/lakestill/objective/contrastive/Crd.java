package io.lakestill.objective.contrastive;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.head.UnitHead;
import io.lakestill.recipe.Settings;
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
 * state.bank_*: [n, projection-dim]}, {@code state.z_*: [1]}, negative until set. Both projections
 * learn.
 *
 * <p>Memory: each worker (a core) keeps the banks of its own examples, its shard, for the whole
 * training and draws negatives among those of other classes, with replacement (the references:
 * without, where there are enough); {@code n} is the size of the shard. With one worker that is the
 * published method; with W workers a row meets the negatives of a W-th of the training set, each
 * bank row is still moved once per pass, and W normalisers are frozen after W first batches.
 *
 * <p>Source: Tian, Krishnan, Isola, "Contrastive Representation Distillation", 2020;
 * HobbitLong/RepDistiller {@code crd/}.
 */
public final class Crd extends BankContrast {
  private static final long serialVersionUID = 1L;

  private transient double[] slope;

  Crd(BankOptions options) {
    super(options, 0, 1, options.uniformBank());
  }

  @Override
  double side(
      Batch batch, Gradients gradients, NceSide side, UnitHead head, double[] v, Bank other) {
    int rows = batch.rows();
    Tensor bank = other.in(batch, options());
    int[] positives = batch.indices("index.positives", rows, 1, bank.rows());
    int k = options().negatives();
    int[] negatives = batch.indices("index.negatives", rows, k, bank.rows());
    slope = Scratch.atLeast(slope, rows * bank.width());
    double temperature = options().temperatureAt(batch);
    double loss = side.loss(batch, v, bank, positives, 1, negatives, k, temperature, slope);
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
