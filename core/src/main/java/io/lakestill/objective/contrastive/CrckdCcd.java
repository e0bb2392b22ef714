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
 * Categorical contrast: as {@code crd}, with several positives of the row's class.
 *
 * <p>Scores, normalisers and banks are those of {@code crd}; {@code index.positives} holds P rows
 * of the sample's class, of which the first is overwritten by the sample itself. Per side {@code
 * -(1/B) sum_i [ (1/P) sum_p log(o_ip/(o_ip + c + eps)) + sum_k log(c/(o_ik + c + eps)) ]}.
 *
 * <p>Shapes: as {@code crd}, with {@code index.positives: [batch, positives]}.
 *
 * <p>Positives are drawn with replacement among the class's others in the shard (the reference:
 * without).
 *
 * <p>Schedule: the reference weighs this term by {@code lambda} = 0.1 before epoch 20 of 80 and by
 * {@code lambda^2} from then on, since it multiplies twice; the paper's total has {@code lambda}
 * once. There {@code crckd-crp} begins with weight 1, and the divergence from the mean teacher with
 * {@code exp(-5 (1 - min(e, 30)/30)^2)}. Weights are the recipe's; {@code crckd.conf} follows the
 * code.
 *
 * <p>Memory: each worker (a core) keeps the banks of its own examples, its shard, for the whole
 * training and draws negatives among those of other classes, with replacement (the references:
 * without, where there are enough); {@code n} is the size of the shard. With one worker that is the
 * published method; with W workers a row meets the negatives of a W-th of the training set, each
 * bank row is still moved once per pass, and W normalisers are frozen after W first batches.
 *
 * <p>Source: Xing et al., "Categorical Relation-Preserving Contrastive Knowledge Distillation",
 * 2021; hathawayxxh/CRCKD {@code utils/}.
 */
public final class CrckdCcd extends BankContrast {
  private static final long serialVersionUID = 1L;

  private final ClassPositives positives;
  private transient double[] slope;

  CrckdCcd(BankOptions options, int positives) {
    super(options, 0, positives, options.uniformBank());
    this.positives = new ClassPositives(positives);
  }

  @Override
  double side(
      Batch batch, Gradients gradients, NceSide side, UnitHead head, double[] v, Bank other) {
    int rows = batch.rows();
    int k = options().negatives();
    int p = positives.count();
    Tensor bank = other.in(batch, options());
    int[] same = positives.in(batch, bank.rows());
    int[] negatives = batch.indices("index.negatives", rows, k, bank.rows());
    slope = Scratch.atLeast(slope, rows * bank.width());
    double temperature = options().temperatureAt(batch);
    double loss = side.loss(batch, v, bank, same, p, negatives, k, temperature, slope);
    head.backward(slope, gradients);
    return loss;
  }

  /** Finds {@link CrckdCcd} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "crckd-ccd";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      var bank = BankOptions.read(options);
      int positives = options.integer("positives");
      return options.build(() -> new CrckdCcd(bank.get(), positives));
    }
  }
}
