package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.optim.ValidationMethod;
import com.intel.analytics.bigdl.dllib.optim.ValidationResult;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Objective;
import io.lakestill.train.RowLayout;
import org.apache.commons.lang3.SerializationUtils;

/** What is measured after each epoch, on the executors. BigDL clones one per core. */
abstract class ValidationMeasure implements ValidationMethod<Float> {
  private static final long serialVersionUID = 1L;

  private final String name;

  private ValidationMeasure(String name) {
    this.name = name;
  }

  @Override
  public String format() {
    return name;
  }

  @Override
  public String toString() {
    return name;
  }

  @Override
  public abstract ValidationMeasure clone();

  /**
   * The part of the rows whose largest logit is the label's; the first of equal logits counts, as
   * in the exported student's argmax.
   */
  static ValidationMeasure accuracy(String name, RowLayout outputs, RowLayout targets) {
    return new Accuracy(name, outputs, targets);
  }

  /**
   * The mean of one term over the validation rows, as it is at the end of all schedules; NaN once
   * the student is no longer finite.
   *
   * @param term that needs no shard
   */
  static ValidationMeasure term(String name, Objective term, LossInputs inputs) {
    return new Term(name, term, inputs);
  }

  /** Fetches the mean of one term over the rows trained on since the last validation. */
  static ValidationMeasure trained(String name, int term, TermLosses sums) {
    return new Trained(name, term, sums);
  }

  private static final class Accuracy extends ValidationMeasure {
    private static final long serialVersionUID = 1L;

    private final RowLayout outputs;
    private final RowLayout targets;

    Accuracy(String name, RowLayout outputs, RowLayout targets) {
      super(name);
      this.outputs = outputs;
      this.targets = targets;
    }

    @Override
    public ValidationResult apply(Activity output, Activity target) {
      Tensor<Float> flat = output.<Float>toTensor(Floats.numeric()).contiguous();
      Tensor<Float> truth = target.<Float>toTensor(Floats.numeric()).contiguous();
      float[] values = Floats.array(flat);
      float[] labels = Floats.array(truth);
      int rows = flat.size(1);
      int classes = outputs.slot("student.logits").width();
      int right = 0;
      for (int row = 0; row < rows; row++) {
        int first = Floats.offset(flat) + row * flat.size(2);
        int best = 0;
        for (int c = 1; c < classes; c++) {
          best = values[first + c] > values[first + best] ? c : best;
        }
        int label = (int) labels[Floats.offset(truth) + row * targets.width()];
        right += best == label ? 1 : 0;
      }
      return new MeanResult(right, rows);
    }

    @Override
    public ValidationMeasure clone() {
      return new Accuracy(format(), outputs, targets);
    }
  }

  private static final class Term extends ValidationMeasure {
    private static final long serialVersionUID = 1L;

    private final Objective term;
    private final LossInputs inputs;
    private transient FlatBatch flat;

    Term(String name, Objective term, LossInputs inputs) {
      super(name);
      this.term = term;
      this.inputs = inputs;
    }

    @Override
    public ValidationResult apply(Activity output, Activity target) {
      Tensor<Float> values = output.toTensor(Floats.numeric());
      int rows = values.size(1);
      if (flat == null || !flat.fits(rows, RowOrigin.VALIDATION)) {
        flat = inputs.batch(term, rows, RowOrigin.VALIDATION);
      }
      flat.fill(values, (PackedTarget) target);
      try {
        double loss = term.evaluate(flat.batch(), flat.gradients());
        double counted = term.counted(flat.batch());
        return new MeanResult(loss * counted, counted);
      } catch (LakestillException e) {
        if (e.exitCode() != ExitCode.DIVERGED) {
          throw e;
        }
        return new MeanResult(Double.NaN, rows);
      }
    }

    @Override
    public ValidationMeasure clone() {
      return new Term(format(), SerializationUtils.clone(term), inputs);
    }
  }

  private static final class Trained extends ValidationMeasure {
    private static final long serialVersionUID = 1L;

    private final int term;
    private final TermLosses sums;

    Trained(String name, int term, TermLosses sums) {
      super(name);
      this.term = term;
      this.sums = sums;
    }

    @Override
    public ValidationResult apply(Activity output, Activity target) {
      return sums.take(term);
    }

    /** Shares the sums: they are the executor's, not the core's. */
    @Override
    public ValidationMeasure clone() {
      return new Trained(format(), term, sums);
    }
  }
}
