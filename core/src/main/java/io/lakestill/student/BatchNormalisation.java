package io.lakestill.student;

import java.util.List;

/**
 * Batch normalisation (Ioffe, Szegedy, 2015) per channel of an image or per value of a flat input.
 *
 * <p>Formula: {@code weight * (x - mean) / sqrt(variance + epsilon) + bias}; mean and variance are
 * those of the batch in training and the running ones afterwards. Shapes: the input's.
 *
 * @param epsilon what is added to the variance, above 0
 * @param momentum the weight of the newest batch in the running statistics, in (0, 1], as in
 *     PyTorch: {@code running = (1 - momentum) * running + momentum * batch}
 */
public record BatchNormalisation(String name, String input, double epsilon, double momentum)
    implements Layer {
  public BatchNormalisation {
    LayerRules.name(name);
    if (!(epsilon > 0) || epsilon > 1) {
      throw new IllegalArgumentException("epsilon must be above 0 and at most 1, is " + epsilon);
    }
    if (!(momentum > 0) || momentum > 1) {
      throw new IllegalArgumentException("momentum must be above 0 and at most 1, is " + momentum);
    }
  }

  @Override
  public List<String> inputs() {
    return List.of(input);
  }

  @Override
  public Shape outputShape(List<Shape> inputs) {
    return inputs.get(0);
  }

  @Override
  public List<ParameterSpec> parameters(List<Shape> inputs) {
    int channels = inputs.get(0).channels();
    return List.of(
        ParameterSpec.trainable(name + ".weight", channels),
        ParameterSpec.trainable(name + ".bias", channels),
        ParameterSpec.running(name + ".mean", channels),
        ParameterSpec.running(name + ".variance", channels));
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.batchNormalisation(this);
  }
}
