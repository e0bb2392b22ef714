package io.lakestill.objective.contrastive;

import io.lakestill.objective.Rule;
import io.lakestill.recipe.Settings;

/**
 * The options of objectives with memory banks.
 *
 * @param projectionDim the width of a bank's rows
 * @param rows the rows of a bank: the training examples of one worker
 * @param negatives rows drawn against each example
 * @param temperature what inner products are divided by
 * @param momentum how much of a bank's row an update keeps
 */
record BankOptions(int projectionDim, int rows, int negatives, double temperature, double momentum)
    implements java.io.Serializable {
  BankOptions {
    Rule.atLeast(1, "projection-dim", projectionDim);
    Rule.atLeast(1, "n-data", rows);
    Rule.atLeast(1, "negatives", negatives);
    Rule.positive("temperature", temperature);
    Rule.fraction("momentum", momentum);
  }

  /** Reads the options; the values are checked by {@code build}. */
  static java.util.function.Supplier<BankOptions> read(Settings options) {
    int projectionDim = options.integer("projection-dim");
    int rows = options.integer("n-data");
    int negatives = options.integer("negatives");
    double temperature = options.number("temperature");
    double momentum = options.number("momentum");
    return () -> new BankOptions(projectionDim, rows, negatives, temperature, momentum);
  }
}
