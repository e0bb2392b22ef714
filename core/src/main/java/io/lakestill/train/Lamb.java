package io.lakestill.train;

import java.util.List;

/**
 * LAMB (You et al., 2020, algorithm 2): Adam's corrected direction plus decay, scaled for each
 * parameter by the norm of its weights over the norm of the direction; where either norm is zero,
 * by one. Betas 0.9 and 0.999, epsilon 1e-6, no clipping of norms. Segments that do not decay keep
 * Adam's step, as the authors' implementation excludes biases and normalisations from both.
 *
 * @param rates which weights decay
 */
record Lamb(DecayMap rates) implements UpdateRule {
  private static final double BETA_1 = 0.9;
  private static final double BETA_2 = 0.999;
  private static final float EPSILON = 1e-6f;

  @Override
  public List<String> stateNames() {
    return List.of("exp_avg", "exp_avg_sq");
  }

  @Override
  public boolean needsWholeSegments() {
    return true;
  }

  @Override
  public void update(
      float[] weights, float[] gradient, float[][] state, int from, int to, UpdateStep step) {
    int done = from;
    for (WeightSegment segment : rates.segments()) {
      if (segment.from() >= from && segment.to() <= to) {
        update(weights, gradient, state, segment, step);
        done = segment.to();
      }
    }
    if (done != to) {
      throw new IllegalArgumentException(
          "the slice [%d, %d) cuts a parameter, whose norm LAMB needs".formatted(from, to));
    }
  }

  private void update(
      float[] w, float[] gradient, float[][] state, WeightSegment segment, UpdateStep step) {
    float first = (float) (1 / (1 - Math.pow(BETA_1, step.number())));
    float second = (float) (1 / (1 - Math.pow(BETA_2, step.number())));
    float decay = rates.of(segment);
    moments(gradient, state, segment, (float) step.gradientScale());
    double ofWeights = 0;
    double ofDirection = 0;
    for (int i = segment.from(); i < segment.to(); i++) {
      float direction = direction(state, i, first, second) + decay * w[i];
      ofWeights += (double) w[i] * w[i];
      ofDirection += (double) direction * direction;
    }
    double trust =
        segment.decays() && ofWeights > 0 && ofDirection > 0
            ? Math.sqrt(ofWeights / ofDirection)
            : 1;
    float rate = (float) (step.learningRate() * trust);
    for (int i = segment.from(); i < segment.to(); i++) {
      w[i] -= rate * (direction(state, i, first, second) + decay * w[i]);
    }
  }

  private static void moments(
      float[] gradient, float[][] state, WeightSegment segment, float scale) {
    float[] m = state[0];
    float[] v = state[1];
    float rest1 = (float) (1 - BETA_1);
    float beta2 = (float) BETA_2;
    float rest2 = (float) (1 - BETA_2);
    for (int i = segment.from(); i < segment.to(); i++) {
      float g = gradient[i] * scale;
      m[i] += (g - m[i]) * rest1;
      v[i] = v[i] * beta2 + g * g * rest2;
    }
  }

  private static float direction(float[][] state, int i, float first, float second) {
    return state[0][i] * first / ((float) Math.sqrt(state[1][i] * second) + EPSILON);
  }
}
