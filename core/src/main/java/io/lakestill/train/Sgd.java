package io.lakestill.train;

import java.util.List;

/**
 * Stochastic gradient descent with momentum as PyTorch computes it: the velocity is {@code v =
 * momentum * v + g}, without dampening, and the step is {@code rate * v}, or {@code rate * (g +
 * momentum * v)} after Nesterov (Sutskever et al., 2013). Weight decay is part of the gradient.
 *
 * @param momentum 0 for none
 * @param kind which momentum
 * @param rates which weights decay
 */
record Sgd(double momentum, Momentum kind, DecayMap rates) implements UpdateRule {
  /** What a step follows. */
  enum Momentum {
    CLASSIC,
    NESTEROV
  }

  @Override
  public List<String> stateNames() {
    return momentum == 0 ? List.of() : List.of("momentum_buffer");
  }

  @Override
  public void update(
      float[] weights, float[] gradient, float[][] state, int from, int to, UpdateStep step) {
    float rate = (float) step.learningRate();
    float scale = (float) step.gradientScale();
    rates.visit(
        from,
        to,
        (start, end, decay) -> {
          if (momentum == 0) {
            plain(weights, gradient, start, end, scale, rate, decay);
          } else {
            float[] velocity = state[0];
            boolean ahead = kind == Momentum.NESTEROV;
            // v = momentum * v + g and the step along a * g + b * v is both kinds.
            float ofGradient = ahead ? 1f : 0f;
            float ofVelocity = ahead ? (float) momentum : 1f;
            for (int i = start; i < end; i++) {
              float g = gradient[i] * scale + decay * weights[i];
              float v = velocity[i] * (float) momentum + g;
              velocity[i] = v;
              weights[i] -= rate * (ofGradient * g + ofVelocity * v);
            }
          }
        });
  }

  private static void plain(
      float[] w, float[] gradient, int from, int to, float scale, float rate, float decay) {
    for (int i = from; i < to; i++) {
      w[i] -= rate * (gradient[i] * scale + decay * w[i]);
    }
  }
}
