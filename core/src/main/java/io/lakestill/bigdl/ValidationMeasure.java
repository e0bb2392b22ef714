package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Objective;
import io.lakestill.train.RowLayout;

/** What is measured of validation rows. Belongs to one core. */
interface ValidationMeasure {
  /**
   * @param output of the training graph for some validation rows
   * @param target theirs
   */
  MeanResult measure(Activity output, PackedTarget target);

  /**
   * The part of the rows whose largest logit is the label's; the first of equal logits counts, as
   * in the exported student's argmax.
   */
  static ValidationMeasure accuracy(RowLayout outputs, RowLayout targets) {
    int classes = outputs.slot("student.logits").width();
    return (output, target) -> {
      Tensor<Float> flat = output.<Float>toTensor(Floats.numeric()).contiguous();
      Tensor<Float> truth = target.values().contiguous();
      float[] values = Floats.array(flat);
      float[] labels = Floats.array(truth);
      int rows = flat.size(1);
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
    };
  }

  /**
   * The mean of one term, as it is at the end of all schedules; NaN once the student is no longer
   * finite.
   *
   * @param term that needs no shard; nobody else's
   */
  static ValidationMeasure term(Objective term, LossInputs inputs) {
    return new Term(term, inputs);
  }

  /** Its arrays are made once for a number of rows. */
  final class Term implements ValidationMeasure {
    private final Objective term;
    private final LossInputs inputs;
    private FlatBatch flat;

    private Term(Objective term, LossInputs inputs) {
      this.term = term;
      this.inputs = inputs;
    }

    @Override
    public MeanResult measure(Activity output, PackedTarget target) {
      Tensor<Float> values = output.toTensor(Floats.numeric());
      int rows = values.size(1);
      if (flat == null || !flat.fits(rows, RowOrigin.VALIDATION)) {
        flat = inputs.batch(term, rows, RowOrigin.VALIDATION);
      }
      flat.fill(values, target);
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
  }
}
