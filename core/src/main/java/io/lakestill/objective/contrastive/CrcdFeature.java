package io.lakestill.objective.contrastive;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.InitialValues;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.head.UnitHead;
import io.lakestill.objective.numeric.ChosenRows;
import io.lakestill.objective.numeric.LogProduct;
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
 * as in the reference. Cost {@code B^2 K} per side, apart from the width, because all directions
 * come from one matrix product of bank and anchors, see {@link AnchorTable}.
 *
 * <p>Shapes: as {@code crd}; the first slot is {@code index.positives}.
 *
 * <p>Memory: each worker (a core) keeps the banks of its own examples, its shard, for the whole
 * training and draws negatives among those of other classes, with replacement (the references:
 * without, where there are enough); {@code n} is the size of the shard. With one worker that is the
 * published method; with W workers a row meets the negatives of a W-th of the training set, each
 * bank row is still moved once per pass, and W normalisers are frozen after W first batches.
 *
 * <p>Source: Zhu et al., "Complementary Relation Contrastive Distillation", 2021; Lechatelia/CRCD
 * {@code crcd/}, which its authors call incomplete.
 */
public final class CrcdFeature extends BankContrast {
  private static final long serialVersionUID = 1L;
  private static final double FLOOR = 1e-12;
  private static final double SHIFT = 1e-6;

  private final AnchorTable table = new AnchorTable(SHIFT, FLOOR);
  private final ChosenRows chosen = new ChosenRows();
  private final LogProduct negativeLoss = new LogProduct();
  private final double[] eight = new double[ChosenRows.BLOCK];
  private final double[] base = new double[AnchorTable.ANCHORS];
  private final double[] reciprocal = new double[AnchorTable.ANCHORS];
  private final double[] line = new double[AnchorTable.ANCHORS];
  private final double[] along = new double[AnchorTable.ANCHORS];
  private final double[] pulled = new double[AnchorTable.ANCHORS];
  private int contrasts;
  private double positiveLoss;
  private transient int[] samples;
  private transient Tensor bank;
  private transient double[] v;
  private transient int[] targets;
  private transient int[] slots;
  private transient double[] products;
  private transient double[] weights;
  private transient double[] slope;
  private double temperature;

  CrcdFeature(BankOptions options) {
    super(options, FLOOR, 1, new InitialValues.UnitRows(options.projectionDim()));
  }

  @Override
  double side(
      Batch batch, Gradients gradients, NceSide side, UnitHead head, double[] v, Bank source) {
    int rows = batch.rows();
    this.v = v;
    temperature = options().temperatureAt(batch);
    bank = source.in(batch, options());
    samples = batch.indices("index.samples", rows, 1, bank.rows());
    gatherTargets(batch);
    if (side.normaliser(batch) < 0) {
      side.normalise(batch, sumOfExponentials(rows) / rows / rows / contrasts, bank);
    }
    double loss = loss(rows, Math.log(side.normaliser(batch)));
    for (int i = 0; i < rows; i++) {
      addTargets(i);
    }
    head.backward(slope, gradients);
    return loss;
  }

  /** What each row is contrasted with, the positive first, and its products with the row. */
  private void gatherTargets(Batch batch) {
    int rows = batch.rows();
    int k = options().negatives();
    int width = bank.width();
    contrasts = 1 + k;
    int[] positives = batch.indices("index.positives", rows, 1, bank.rows());
    int[] negatives = batch.indices("index.negatives", rows, k, bank.rows());
    if (targets == null || targets.length < rows * contrasts) {
      targets = new int[rows * contrasts];
      slots = new int[rows * contrasts];
    }
    products = Scratch.atLeast(products, rows * contrasts);
    weights = Scratch.atLeast(weights, rows * contrasts);
    slope = Scratch.atLeast(slope, rows * width);
    Arrays.fill(weights, 0, rows * contrasts, 0.0);
    Arrays.fill(slope, 0, rows * width, 0.0);
    table.clear(bank.rows());
    for (int i = 0; i < rows * contrasts; i++) {
      int row = i / contrasts;
      int slot = i % contrasts;
      targets[i] = slot == 0 ? positives[row] : negatives[row * k + slot - 1];
      slots[i] = table.slot(targets[i]);
      double sum = 0;
      for (int d = 0; d < width; d++) {
        sum += v[row * width + d] * bank.data()[targets[i] * width + d];
      }
      products[i] = sum;
    }
  }

  private double sumOfExponentials(int rows) {
    double sum = 0;
    for (int first = 0; first < rows; first += AnchorTable.ANCHORS) {
      int count = Math.min(AnchorTable.ANCHORS, rows - first);
      table.fill(bank, samples, first, count);
      for (int i = 0; i < rows; i++) {
        directions(i, first, count);
        for (int at = i * contrasts; at < (i + 1) * contrasts; at++) {
          cosines(i, at, first, count);
          for (int m = 0; m < count; m++) {
            sum += Math.exp(line[m] / temperature);
          }
        }
      }
    }
    return sum;
  }

  private double loss(int rows, double logZ) {
    positiveLoss = 0;
    negativeLoss.reset();
    for (int first = 0; first < rows; first += AnchorTable.ANCHORS) {
      int count = Math.min(AnchorTable.ANCHORS, rows - first);
      table.fill(bank, samples, first, count);
      for (int i = 0; i < rows; i++) {
        directions(i, first, count);
        Arrays.fill(along, 0.0);
        Arrays.fill(pulled, 0.0);
        for (int at = i * contrasts; at < (i + 1) * contrasts; at++) {
          cosines(i, at, first, count);
          contrast(i, at, first, count, logZ, rows);
        }
        throughDirections(i, first, count);
      }
    }
    return (positiveLoss + negativeLoss.log()) / rows / rows;
  }

  /** What a row and each anchor have in common in all contrasts. */
  private void directions(int i, int first, int count) {
    int width = bank.width();
    float[] data = bank.data();
    for (int m = 0; m < count; m++) {
      int anchor = samples[first + m] * width;
      double product = 0;
      double square = 0;
      double sums = 0;
      for (int d = 0; d < width; d++) {
        double value = v[i * width + d];
        double difference = value - data[anchor + d];
        product += value * data[anchor + d];
        square += (difference + SHIFT) * (difference + SHIFT);
        sums += difference;
      }
      base[m] = SHIFT * (sums + width * SHIFT) - product;
      double length = Math.max(Math.sqrt(square), FLOOR);
      reciprocal[m] = square < AnchorTable.NEAR ? -1 / length : 1 / length;
    }
  }

  /** {@code line[m] = r_im . R_imk}. */
  private void cosines(int i, int at, int first, int count) {
    int slot = slots[at];
    double product = products[at];
    for (int m = 0; m < count; m++) {
      double sum =
          reciprocal[m] < 0 || table.near(slot, m)
              ? exactProduct(i, targets[at], samples[first + m])
              : product + base[m] + table.offset(slot, m);
      line[m] = sum * table.reciprocal(slot, m) * Math.abs(reciprocal[m]);
    }
  }

  private double exactProduct(int i, int target, int anchor) {
    int width = bank.width();
    float[] data = bank.data();
    double sum = 0;
    for (int d = 0; d < width; d++) {
      double y = data[anchor * width + d];
      sum += (v[i * width + d] - y + SHIFT) * (data[target * width + d] - y + SHIFT);
    }
    return sum;
  }

  /** The losses of one target seen from each anchor, and what they do to the direction. */
  private void contrast(int i, int at, int first, int count, double logZ, int rows) {
    double c = (double) (contrasts - 1) / bank.rows();
    boolean positive = at == i * contrasts;
    int slot = slots[at];
    double weight = 0;
    for (int m = 0; m < count; m++) {
      double logScore = line[m] / temperature - logZ;
      double score = Math.exp(logScore);
      double all = score + c + NceSide.EPS;
      double by;
      if (positive) {
        positiveLoss += Math.log(all) - logScore;
        by = -(c + NceSide.EPS) / all / rows / rows / temperature;
      } else {
        negativeLoss.multiply(all / c);
        by = score / all / rows / rows / temperature;
      }
      along[m] += by * line[m];
      double pull = by * table.reciprocal(slot, m);
      if (table.near(slot, m)) {
        addDifference(i, targets[at], samples[first + m], pull * Math.abs(reciprocal[m]));
      } else {
        pulled[m] += pull;
        weight += pull * Math.abs(reciprocal[m]);
      }
    }
    weights[at] += weight;
  }

  private void addDifference(int i, int target, int anchor, double factor) {
    int width = bank.width();
    float[] data = bank.data();
    for (int d = 0; d < width; d++) {
      double difference = (double) data[target * width + d] - data[anchor * width + d] + SHIFT;
      slope[i * width + d] += factor * difference;
    }
  }

  /** The chain rule through the directions from a block of anchors, but for the targets. */
  private void throughDirections(int i, int first, int count) {
    int width = bank.width();
    float[] data = bank.data();
    for (int m = 0; m < count; m++) {
      int anchor = samples[first + m] * width;
      double per = Math.abs(reciprocal[m]);
      double bent = per * FLOOR < 1 ? along[m] * per : 0;
      for (int d = 0; d < width; d++) {
        double y = data[anchor + d];
        double direction = v[i * width + d] - y + SHIFT;
        slope[i * width + d] -= per * (pulled[m] * (y - SHIFT) + bent * direction);
      }
    }
  }

  /** Adds the targets of a row with their weights from all anchors. */
  private void addTargets(int i) {
    int width = bank.width();
    chosen.start(v, i * width, width);
    for (int from = 0; from < contrasts; from += ChosenRows.BLOCK) {
      int count = Math.min(ChosenRows.BLOCK, contrasts - from);
      Arrays.fill(eight, 0.0);
      System.arraycopy(weights, i * contrasts + from, eight, 0, count);
      chosen.fetch(bank.data(), targets, i * contrasts + from, count);
      chosen.add(eight);
    }
    chosen.finish(slope, i * width);
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
