package io.lakestill.train;

/** The length of a gradient, for clipping. */
public final class GradientNorm {
  private GradientNorm() {}

  /** The sum of squares of {@code [from, to)}; infinite or not a number when an entry is. */
  public static double squares(float[] gradient, int from, int to) {
    double even = 0;
    double odd = 0;
    int pairs = from + (to - from) / 2 * 2;
    for (int i = from; i < pairs; i += 2) {
      even += (double) gradient[i] * gradient[i];
      odd += (double) gradient[i + 1] * gradient[i + 1];
    }
    for (int i = pairs; i < to; i++) {
      even += (double) gradient[i] * gradient[i];
    }
    return even + odd;
  }

  /**
   * What brings a gradient down to a length, as PyTorch's {@code clip_grad_norm_}: {@code min(1,
   * longest / (norm + 1e-6))}.
   */
  public static double clip(double norm, double longest) {
    return Math.min(1, longest / (norm + 1e-6));
  }
}
