package io.lakestill.jobs;

import io.lakestill.data.FeaturePipeline;
import io.lakestill.recipe.CoverageSettings;
import io.lakestill.signal.SignalTable;

/**
 * Where the signals of a recipe's teacher are.
 *
 * @param table its signal table
 * @param features how the recipe lets the teacher see an example; the signals must be of that
 * @param coverage how many examples may lack signals
 */
record SignalSource(SignalTable table, FeaturePipeline features, CoverageSettings coverage) {

  /** Of which every example must have signals. */
  SignalSource(SignalTable table, FeaturePipeline features) {
    this(table, features, CoverageSettings.COMPLETE);
  }
}
