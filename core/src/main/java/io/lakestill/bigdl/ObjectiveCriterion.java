package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractCriterion;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.train.Mixture;
import io.lakestill.train.TermReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.commons.lang3.SerializationUtils;

/**
 * A weighted loss as BigDL's criterion. Loss and gradient come from one evaluation, in {@code
 * updateOutput}; {@code updateGradInput} packs the gradient of that evaluation.
 *
 * <p>Shapes: input {@code [rows, outputs width + the parameters' columns]}, target a {@link
 * PackedTarget} of {@code [rows, targets width]}, gradient as the input. A student that is no
 * longer finite gives the loss NaN and a gradient of zeros, so that the driver stops the training
 * in good order. Every core has a clone; clones share nothing but the sums of the terms' losses.
 */
final class ObjectiveCriterion extends AbstractCriterion<Activity, Activity, Float> {
  private static final long serialVersionUID = 1L;

  private final WeightedTerms loss;
  private final LossInputs inputs;
  private final TermLosses sums;
  private transient FlatBatch flat;
  private transient Tensor<Float> gradient;

  ObjectiveCriterion(WeightedTerms loss, LossInputs inputs, TermLosses sums) {
    super(Floats.activityTag(), Floats.activityTag(), Floats.tag(), Floats.numeric());
    this.loss = loss;
    this.inputs = inputs;
    this.sums = sums;
  }

  @Override
  public ObjectiveCriterion cloneCriterion() {
    return new ObjectiveCriterion(SerializationUtils.clone(loss), inputs, sums);
  }

  @Override
  public Float updateOutput(Activity input, Activity target) {
    Tensor<Float> output = input.toTensor(Floats.numeric());
    PackedTarget truth = (PackedTarget) target;
    int rows = output.size(1);
    if (flat == null || !flat.fits(rows, truth.origin())) {
      flat = inputs.batch(loss, rows, truth.origin());
      gradient = Floats.tensor(new float[rows * output.size(2)], rows, output.size(2));
    }
    flat.fill(output, truth);
    flat.gradients().zero();
    truth.origin().shard().ifPresent(own -> own.begin(truth.origin().step()));
    float value = evaluate(truth);
    return value;
  }

  /** What the terms did in the last evaluation. */
  List<TermReport> termReports() {
    List<String> names = LossNames.of(loss);
    List<TermReport> reports = new ArrayList<>();
    for (int term = 0; term < names.size(); term++) {
      double weight = loss.weightOf(term);
      double norm = weight * loss.gradientNormOf(term);
      reports.add(new TermReport(names.get(term), weight, loss.lossOf(term), norm));
    }
    return reports;
  }

  private float evaluate(PackedTarget target) {
    try {
      double value = loss(target);
      for (int term = 0; term < loss.terms().size(); term++) {
        sums.add(term, loss.lossOf(term), loss.countedOf(term, flat.batch()));
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

  private double loss(PackedTarget target) {
    Optional<Mixture> mixture = target.origin().mixture();
    if (mixture.isEmpty()) {
      return loss.evaluate(flat.batch(), flat.gradients());
    }
    Runnable partners = () -> flat.fillTargets(target, mixture.get().partners());
    return loss.evaluateMixed(flat.batch(), flat.gradients(), mixture.get().share(), partners);
  }

  @Override
  public Activity updateGradInput(Activity input, Activity target) {
    flat.writeGradients(gradient);
    gradInput_$eq(gradient);
    return gradient;
  }
}
