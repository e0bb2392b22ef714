package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.optim.ValidationResult;
import scala.Tuple2;

/** A mean that can be merged; NaN over no rows. */
final class MeanResult implements ValidationResult {
  private static final long serialVersionUID = 1L;

  private final double sum;
  private final long rows;

  MeanResult(double sum, long rows) {
    this.sum = sum;
    this.rows = rows;
  }

  @Override
  public Tuple2<Object, Object> result() {
    return new Tuple2<>((float) (sum / rows), (int) Math.min(rows, Integer.MAX_VALUE));
  }

  @Override
  public ValidationResult $plus(ValidationResult other) {
    MeanResult mean = (MeanResult) other;
    return new MeanResult(sum + mean.sum, rows + mean.rows);
  }

  @Override
  public String format() {
    return "mean " + sum / rows + " over " + rows + " rows";
  }

  @Override
  public String toString() {
    return format();
  }
}
