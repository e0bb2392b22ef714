package io.lakestill.report.page;

/**
 * From values to positions in a picture, linearly.
 *
 * @param low the value at {@code start}
 * @param high the value at {@code end}, above {@code low}
 */
record Scale(double low, double high, double start, double end) {
  Scale {
    if (!(high > low)) {
      throw new IllegalArgumentException("a scale needs low < high, has " + low + ", " + high);
    }
  }

  double position(double value) {
    return start + (value - low) / (high - low) * (end - start);
  }
}
