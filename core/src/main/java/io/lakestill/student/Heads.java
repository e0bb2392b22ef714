package io.lakestill.student;

import java.util.List;

/** The fully connected end that several architectures share. */
final class Heads {
  private Heads() {}

  /**
   * Appends {@code linear1, relu1, linear2, relu2, ...}.
   *
   * @return the name of the last layer, or {@code input} when there are no widths
   */
  static String hidden(List<Layer> layers, String input, List<Integer> widths) {
    String last = input;
    for (int i = 1; i <= widths.size(); i++) {
      layers.add(new Linear("linear" + i, last, widths.get(i - 1), true));
      last = "relu" + i;
      layers.add(new Relu(last, "linear" + i));
    }
    return last;
  }
}
