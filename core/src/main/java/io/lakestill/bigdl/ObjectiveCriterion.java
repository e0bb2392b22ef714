package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractCriterion;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.train.RowLayout;
import org.apache.commons.lang3.SerializationUtils;

/**
 * A weighted loss as BigDL's criterion. Loss and gradient come from one evaluation, in {@code
 * updateOutput}; {@code updateGradInput} packs the gradient of that evaluation.
 *
 * <p>Shapes: input {@code [rows, outputs width]}, target {@code [rows, targets width]}, gradient as
 * the input. A student that is no longer finite gives the loss NaN and a gradient of zeros, so that
 * the driver stops the training in good order. BigDL clones one criterion per core; clones share
 * nothing but the sums of the terms' losses.
 */
final class ObjectiveCriterion extends AbstractCriterion<Activity, Activity, Float> {
  private static final long serialVersionUID = 1L;

  private final WeightedTerms loss;
  private final RowLayout outputs;
  private final RowLayout targets;
  private final TermLosses sums;
  private transient FlatBatch flat;
  private transient Tensor<Float> gradient;

  ObjectiveCriterion(WeightedTerms loss, RowLayout outputs, RowLayout targets, TermLosses sums) {
    super(Floats.activityTag(), Floats.activityTag(), Floats.tag(), Floats.numeric());
    this.loss = loss;
    this.outputs = outputs;
    this.targets = targets;
    this.sums = sums;
  }

  @Override
  public ObjectiveCriterion cloneCriterion() {
    return new ObjectiveCriterion(SerializationUtils.clone(loss), outputs, targets, sums);
  }

  @Override
  public Float updateOutput(Activity input, Activity target) {
    Tensor<Float> output = input.toTensor(Floats.numeric());
    int rows = output.size(1);
    if (flat == null || flat.rows() != rows) {
      flat = new FlatBatch(rows, outputs, targets);
      gradient = Floats.tensor(new float[rows * outputs.width()], rows, outputs.width());
    }
    flat.fill(output, target.toTensor(Floats.numeric()));
    flat.gradients().zero();
    return evaluate(rows);
  }

  private float evaluate(int rows) {
    try {
      double value = loss.evaluate(flat.batch(), flat.gradients());
      for (int term = 0; term < loss.terms().size(); term++) {
        sums.add(term, loss.lossOf(term), rows);
      }
      return (float) value;
    } catch (LakestillException e) {
      if (e.exitCode() != ExitCode.DIVERGED) {
        throw e;
      }
      flat.gradients().zero();
      return Float.NaN;
    }
  }

  @Override
  public Activity updateGradInput(Activity input, Activity target) {
    flat.writeGradients(gradient);
    gradInput_$eq(gradient);
    return gradient;
  }
}
