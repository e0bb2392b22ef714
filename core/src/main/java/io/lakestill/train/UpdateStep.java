package io.lakestill.train;

/**
 * What all weights share in one step.
 *
 * @param number of the step, counted from 1
 * @param learningRate of this step
 * @param gradientScale what each gradient is multiplied by first: averaging and clipping in the
 *     same pass
 */
public record UpdateStep(int number, double learningRate, double gradientScale) {
  public UpdateStep {
    if (number < 1) {
      throw new IllegalArgumentException("steps count from 1, this one is " + number);
    }
    if (!(learningRate >= 0) || Double.isInfinite(learningRate)) {
      throw new IllegalArgumentException(
          "the learning rate must be finite and not negative, is " + learningRate);
    }
  }
}
