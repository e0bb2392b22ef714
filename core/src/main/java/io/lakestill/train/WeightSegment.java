package io.lakestill.train;

import java.io.Serializable;

/**
 * Where one parameter lies in the flat vector of all weights.
 *
 * @param name of the parameter, as in {@code student.ParameterSpec}
 * @param from its first weight
 * @param to one past its last weight
 * @param decays whether weight decay pulls it towards zero; biases and normalisations are spared
 */
public record WeightSegment(String name, int from, int to, boolean decays) implements Serializable {
  public WeightSegment {
    if (from < 0 || to <= from) {
      throw new IllegalArgumentException(
          "parameter '%s' lies at [%d, %d), which holds nothing".formatted(name, from, to));
    }
  }

  /** How many weights it has. */
  public int size() {
    return to - from;
  }
}
