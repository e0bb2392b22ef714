package io.lakestill.jobs;

import io.lakestill.bigdl.ClusterShape;
import io.lakestill.bigdl.StudentTrainer;
import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Requirements;
import io.lakestill.train.RowLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.SparkContext;

/**
 * Whether the trainings of a run can take place on this cluster: its shape, their batches, the
 * memory of its executors and, once all else is sound, the executors themselves.
 *
 * @param blueprint of the run
 * @param stages what will run
 * @param context of the application
 */
record TrainingChecks(Blueprint blueprint, Set<Stage> stages, SparkContext context) {
  private static final String SPECULATION = "spark.speculation";

  /**
   * A training that will take place.
   *
   * @param name for messages
   * @param prefix of its section's keys in the recipe
   */
  private record Planned(String name, String prefix, Blueprint.Training training) {}

  private List<Planned> trainings() {
    List<Planned> trainings = new ArrayList<>();
    teachers().forEach((section, made) -> trainings.add(new Planned(section, section + ".", made)));
    if (stages.contains(Stage.TRAIN)) {
      trainings.add(new Planned("the student", "", blueprint.student()));
      blueprint.scratch().ifPresent(twin -> trainings.add(new Planned("its twin", "", twin)));
    }
    return trainings;
  }

  /** The teachers to train, by their sections of the recipe. */
  Map<String, Blueprint.Training> teachers() {
    Map<String, Blueprint.Training> trained = new LinkedHashMap<>();
    for (int i = 0; stages.contains(Stage.TEACH) && i < blueprint.teachers().size(); i++) {
      String section = TeacherPlan.section(blueprint.recipe().source(), i);
      blueprint.teachers().get(i).training().ifPresent(made -> trained.put(section, made));
    }
    return trained;
  }

  boolean isEmpty() {
    return trainings().isEmpty();
  }

  /**
   * A batch is refused by the trainer itself, which is made here and thrown away.
   *
   * @return where trainings will run; empty when there is none, or one cannot
   */
  Optional<ClusterShape> shape(Faults faults) {
    if (isEmpty()) {
      return Optional.empty();
    }
    faults.gather(this::refuseSpeculation);
    Optional<ClusterShape> cluster = faults.gather(ClusterShape::ofRunningSpark);
    if (cluster.isEmpty()) {
      return cluster;
    }
    boolean sound = true;
    for (Planned planned : trainings()) {
      sound &= faults.gather(() -> trainer(planned, cluster.get())).isPresent();
    }
    return sound ? cluster : Optional.empty();
  }

  private void refuseSpeculation() {
    if (!context.isLocal() && context.getConf().getBoolean(SPECULATION, false)) {
      throw Errors.badRecipe(
          ("%s is true, but a node of a training has what it learned in its own memory, and cannot"
                  + " be run twice; give --conf %s=false. 'teach' alone, of a model that is not"
                  + " trained here, may have it.")
              .formatted(SPECULATION, SPECULATION));
    }
  }

  private static StudentTrainer trainer(Planned planned, ClusterShape cluster) {
    // What the teacher says is not known yet, and a batch does not depend on it.
    Blueprint.Training labels = planned.training().withoutTeacher();
    try {
      return new StudentTrainer(
          labels.graph(),
          labels.objectives(),
          RowLayout.targets(labels.objectives().requires(), Map.of()),
          labels.settings(),
          labels.firstSeed(),
          cluster);
    } catch (LakestillException e) {
      throw Errors.badRecipe(planned.prefix() + e.getMessage());
    }
  }

  /**
   * Refuses trainings that an executor cannot hold, or its container, or its machine.
   *
   * @param checks of the memory there is
   * @param signals the shape of each signal by the name that a loss uses
   * @param kept of each signal that is stored in part, how many values
   * @param examples of training and validation
   */
  void memory(
      ClusterShape shape,
      Map<String, List<Integer>> signals,
      Map<String, Integer> kept,
      TableChecks.Counts examples,
      MemoryChecks checks,
      Console console,
      Faults faults) {
    TrainingMemory.Rows rows =
        TrainingMemory.Rows.ofEach(
            shape,
            examples.training(),
            examples.validation(),
            blueprint.recipe().data().views().count());
    for (Planned planned : trainings()) {
      targets(planned.training().objectives().requires(), signals, kept)
          .map(layout -> TrainingMemory.of(planned.training(), layout, shape, rows, checks.room()))
          .flatMap(held -> faults.gather(() -> checks.require(planned.name(), held)))
          .ifPresent(warnings -> warnings.forEach(warning -> console.line("  " + warning)));
    }
  }

  /** Empty where the width of a signal is not known yet. */
  private static Optional<RowLayout> targets(
      Requirements needs, Map<String, List<Integer>> signals, Map<String, Integer> kept) {
    try {
      return Optional.of(RowLayout.targets(needs, signals, kept));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /**
   * Refuses nodes that cannot load what computes.
   *
   * @return all of them
   * @throws LakestillException (exit 75) when executors do not come in time
   */
  List<Node> nodes(ClusterShape shape, Console console, Faults faults) {
    List<String> wrong = new ArrayList<>();
    List<Node> nodes = new NodeSurvey(context, shape).ask(line -> console.line("  " + line));
    for (Node node : nodes) {
      for (String fault : node.faults()) {
        wrong.add(
            "on %s (executor %s, java.io.tmpdir = %s) %s"
                .formatted(node.host(), node.executor(), node.scratch(), fault));
      }
    }
    if (!wrong.isEmpty()) {
      faults.gather(
          () -> {
            throw Errors.badRecipe(
                ("Native libraries cannot be loaded: %s. They are unpacked into java.io.tmpdir,"
                        + " which must exist, be writable and allow programs (not be mounted"
                        + " noexec), and need Linux with glibc on x86-64; another folder is given"
                        + " by --conf spark.executor.extraJavaOptions=-Djava.io.tmpdir=DIR, and by"
                        + " --driver-java-options for the driver.")
                    .formatted(String.join("; ", wrong)));
          });
    }
    return nodes;
  }
}
