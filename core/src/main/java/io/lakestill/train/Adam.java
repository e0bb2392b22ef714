package io.lakestill.train;

import java.util.List;

/**
 * Adam (Kingma and Ba, 2015, algorithm 1) and AdamW (Loshchilov and Hutter, 2019, algorithm 2),
 * with betas 0.9 and 0.999 and epsilon 1e-8, as PyTorch computes them: epsilon is added to the
 * corrected root.
 *
 * @param decay how weights decay
 * @param rates which weights decay
 */
record Adam(Decay decay, DecayMap rates) implements UpdateRule {
  /** How weights decay. */
  enum Decay {
    /** Adam's: {@code rate * w} is part of the gradient that the moments see. */
    IN_GRADIENT,
    /** AdamW's: {@code learning rate * rate * w} is taken off beside the step. */
    DECOUPLED
  }

  private static final double BETA_1 = 0.9;
  private static final double BETA_2 = 0.999;
  private static final float EPSILON = 1e-8f;

  @Override
  public List<String> stateNames() {
    return List.of("exp_avg", "exp_avg_sq");
  }

  @Override
  public void update(
      float[] weights, float[] gradient, float[][] state, int from, int to, UpdateStep step) {
    double firstCorrection = 1 - Math.pow(BETA_1, step.number());
    double secondCorrection = 1 - Math.pow(BETA_2, step.number());
    float size = (float) (step.learningRate() / firstCorrection);
    float root = (float) (1 / Math.sqrt(secondCorrection));
    float scale = (float) step.gradientScale();
    rates.visit(
        from,
        to,
        (start, end, rate) -> {
          float inGradient = decay == Decay.IN_GRADIENT ? rate : 0f;
          float kept = decay == Decay.DECOUPLED ? (float) (1 - step.learningRate() * rate) : 1f;
          run(weights, gradient, state, start, end, new Rates(size, root, scale, inGradient, kept));
        });
  }

  /**
   * @param size learning rate by the correction of the first moment
   * @param root of one by the correction of the second moment
   */
  private record Rates(float size, float root, float scale, float inGradient, float kept) {}

  /** One pass, plain enough to become vector instructions. */
  private static void run(
      float[] w, float[] gradient, float[][] state, int from, int to, Rates rates) {
    float[] first = state[0];
    float[] second = state[1];
    float size = rates.size();
    float root = rates.root();
    float scale = rates.scale();
    float inGradient = rates.inGradient();
    float kept = rates.kept();
    float rest1 = (float) (1 - BETA_1);
    float beta2 = (float) BETA_2;
    float rest2 = (float) (1 - BETA_2);
    for (int i = from; i < to; i++) {
      float g = gradient[i] * scale + inGradient * w[i];
      float m = first[i] + (g - first[i]) * rest1;
      float v = second[i] * beta2 + g * g * rest2;
      first[i] = m;
      second[i] = v;
      w[i] = w[i] * kept - size * m / ((float) Math.sqrt(v) * root + EPSILON);
    }
  }
}
