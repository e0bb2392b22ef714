package io.lakestill.objective;

import io.lakestill.error.Errors;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An objective over those rows of the batch that fulfil a condition.
 *
 * <p>The loss is that of a batch of only these rows, and 0 when there is none; the others have
 * gradient 0. The condition is the signal {@code teacher.sql:<expression>}, true where it is not 0.
 *
 * <p>In distributed training each worker evaluates the kept rows of its own part of the batch and
 * divides by their number; the workers' gradients are then averaged alike. So a kept row weighs
 * more where a worker keeps few, and with one worker the loss is the mean over all kept rows.
 *
 * <p>Rows are copied together, heads are not. An objective with memory or drawn indices is refused:
 * its memory is laid out for whole batches. A condition that is NaN is an error that names
 * expression and row.
 */
public final class RowFilter implements Objective {
  private static final long serialVersionUID = 1L;

  private final Objective objective;
  private final String expression;
  private final String signal;
  private transient Batch source;
  private transient GatheredRows gathered;
  private transient int[] rows;
  private int count;
  private transient Batch chosen;

  /**
   * @param expression SQL over the signal table's columns
   */
  public RowFilter(Objective objective, String expression) {
    for (String name : objective.requires().others()) {
      if (name.startsWith("state.") || name.startsWith("index.")) {
        throw new IllegalArgumentException(
            "chooses rows, but the objective's '%s' is made for whole batches; leave where out"
                .formatted(name));
      }
    }
    this.objective = objective;
    this.expression = expression;
    this.signal = Requirements.SQL + expression;
  }

  @Override
  public Requirements requires() {
    return objective.requires().and(Requirements.of(signal));
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    return objective.equip(dimensions);
  }

  @Override
  public List<Classifier> classifiers() {
    return objective.classifiers();
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    if (batch != source) {
      gathered = new GatheredRows(batch, objective.requires());
      rows = new int[batch.rows()];
      source = batch;
    }
    select(batch.tensor(signal).data());
    if (count == 0) {
      return 0;
    }
    Gradients slopes = gathered.zeroed(gradients, count);
    chosen = gathered.gather(rows, count);
    double loss = objective.evaluate(chosen, slopes);
    gathered.scatter(rows, count, gradients);
    return loss;
  }

  private void select(float[] condition) {
    count = 0;
    for (int row = 0; row < rows.length; row++) {
      if (!Float.isFinite(condition[row])) {
        throw Errors.badCondition(expression, row, condition[row]);
      }
      if (condition[row] != 0) {
        rows[count++] = row;
      }
    }
  }

  @Override
  public boolean rowwise() {
    return objective.rowwise();
  }

  @Override
  public double counted(Batch batch) {
    return count == 0 ? 0 : objective.counted(chosen);
  }

  /** Those of the rows that were kept; zeros when there was none. */
  @Override
  public Map<String, Double> parts() {
    if (count > 0) {
      return objective.parts();
    }
    Map<String, Double> none = new TreeMap<>(objective.parts());
    none.replaceAll((name, value) -> 0.0);
    return none;
  }
}
