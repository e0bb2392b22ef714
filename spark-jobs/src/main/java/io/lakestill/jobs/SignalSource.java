package io.lakestill.jobs;

import io.lakestill.data.FeaturePipeline;
import io.lakestill.recipe.CoverageSettings;
import io.lakestill.signal.SignalTable;
import java.util.Optional;

/**
 * Where the signals of a recipe's teacher are.
 *
 * @param table its signal table
 * @param features how the recipe lets the teacher see an example; the signals must be of that
 * @param coverage how many examples may lack signals
 * @param weights the teacher's own, for a loss that computes with them; empty of one that is no
 *     model
 */
record SignalSource(
    SignalTable table,
    FeaturePipeline features,
    CoverageSettings coverage,
    Optional<TeacherWeights> weights) {

  /** Of a teacher that is only what it said. */
  SignalSource(SignalTable table, FeaturePipeline features, CoverageSettings coverage) {
    this(table, features, coverage, Optional.empty());
  }

  /** Of which every example must have signals. */
  SignalSource(SignalTable table, FeaturePipeline features) {
    this(table, features, CoverageSettings.COMPLETE);
  }
}
