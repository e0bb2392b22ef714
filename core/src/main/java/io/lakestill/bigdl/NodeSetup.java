package io.lakestill.bigdl;

import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.LoopSettings;
import io.lakestill.recipe.OptimizerSettings;
import io.lakestill.recipe.TrainingEngine;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.EpochBook;
import io.lakestill.train.LearningRate;
import io.lakestill.train.RowMixing;
import io.lakestill.train.Sharding;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * What every node is told once: all that a training is, apart from its rows and what it has
 * learned.
 *
 * @param graph the student as JSON
 * @param loss what it minimises
 * @param inputs of the loss
 * @param rules by which epochs are measured
 * @param optimizer how weights change
 * @param rate how fast
 * @param loop how steps are run
 * @param engine that computes, chosen by now
 * @param cluster where it runs
 * @param rowsPerCore rows of one core in one pass forward and backward
 * @param sharding how rows are dealt to cores, where {@code sharded} says that they are
 * @param mixing how rows are mixed in pairs
 * @param seed of weights, heads and masks
 */
record NodeSetup(
    String graph,
    WeightedTerms loss,
    LossInputs inputs,
    EpochBook.Rules rules,
    OptimizerSettings optimizer,
    LearningRate rate,
    LoopSettings loop,
    TrainingEngine engine,
    ClusterShape cluster,
    int rowsPerCore,
    Sharding sharding,
    boolean sharded,
    RowMixing mixing,
    long seed)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The same, computed by another engine. */
  NodeSetup computedBy(TrainingEngine other) {
    return new NodeSetup(
        graph,
        loss,
        inputs,
        rules,
        optimizer,
        rate,
        loop,
        other,
        cluster,
        rowsPerCore,
        sharding,
        sharded,
        mixing,
        seed);
  }

  StudentGraph student() {
    return StudentGraph.fromJson(JsonFields.of(Json.parse(graph, "the student"), "the student"));
  }

  List<Integer> featureShape(StudentGraph student) {
    return student.input().sizes();
  }

  /** How rows are dealt to cores; empty when any core may train on any row. */
  Optional<Sharding> dealing() {
    return sharded ? Optional.of(sharding) : Optional.empty();
  }

  /** Whether nodes exchange weights after a step that they took on their own. */
  boolean meetsAfter(int step) {
    return step % loop.localSteps() == 0 || rules.plan().endsEpoch(step);
  }
}
