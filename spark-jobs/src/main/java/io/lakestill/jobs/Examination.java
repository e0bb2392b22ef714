package io.lakestill.jobs;

import io.lakestill.bigdl.ClusterShape;
import io.lakestill.bigdl.Executors;
import io.lakestill.error.LakestillException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * What the JVMs of an application say of themselves.
 *
 * @param machines the driver, then each executor that was heard
 * @param faults of them and of the cluster, each with what to do
 */
record Examination(List<ExaminedMachine> machines, List<String> faults) {
  private static final int TASKS_PER_CORE = 4;

  /** Leases tolerate a minute; tokens and logs want less. */
  private static final long CLOCK_MILLIS = 5_000;

  private static final long LOCAL_BYTES = 2L << 30;

  /** Asks each executor from within a task, as many as it takes to hear all. */
  static Examination of(SparkSession spark, Optional<String> output, Console console) {
    SparkContext context = spark.sparkContext();
    Configuration configuration = spark.sessionState().newHadoopConf();
    List<String> faults = new ArrayList<>();
    int wanted = wanted();
    Executors executors = new Executors(context);
    executors.await(
        wanted, there -> console.line("Waiting for executors: %d of %d".formatted(there, wanted)));
    int present = executors.present();
    if (present < wanted) {
      faults.add(
          ("%d of %d executors came within %d s: the cluster or the queue has no room for"
                  + " spark.executor.memory + spark.executor.memoryOverhead and spark.executor.cores"
                  + " of each beside the driver; ask for fewer or smaller ones")
              .formatted(present, wanted, executors.timeout().toSeconds()));
    }
    List<ExaminedMachine> machines = new ArrayList<>();
    machines.add(ExaminedMachine.here(output, configuration));
    // Spark may start no task before the last executor is there.
    if (!context.isLocal() && present >= wanted) {
      long before = System.currentTimeMillis();
      List<ExaminedMachine> heard =
          ask(
              context,
              new Question(output.stream().toList(), new SerializableConfiguration(configuration)));
      long after = System.currentTimeMillis();
      machines.addAll(heard);
      if (heard.size() < present) {
        faults.add(
            "%d of %d executors ran no task; look at their logs, and run this again"
                .formatted(present - heard.size(), present));
      }
      heard.stream()
          .filter(machine -> isOff(machine.clockMillis(), before, after))
          .forEach(
              machine ->
                  faults.add(
                      "the clock of %s is more than %d s off the driver's; let NTP or chrony set it"
                          .formatted(machine.host(), CLOCK_MILLIS / 1000)));
    }
    for (ExaminedMachine machine : machines) {
      machine
          .faults()
          .forEach(fault -> faults.add(machine.name() + " on " + machine.host() + " " + fault));
      if (machine.freeBytes() < LOCAL_BYTES) {
        faults.add(
            ("%s on %s has %d MB free on a local disk; shuffles and packed rows need more: clear"
                    + " it, or name another in spark.local.dir (on YARN yarn.nodemanager.local-dirs)")
                .formatted(machine.name(), machine.host(), machine.freeBytes() >> 20));
      }
    }
    return new Examination(List.copyOf(machines), List.copyOf(faults));
  }

  /** Each executor once, by its number. */
  private static List<ExaminedMachine> ask(SparkContext context, Question question) {
    int tasks = context.defaultParallelism() * TASKS_PER_CORE;
    Map<String, ExaminedMachine> heard = new LinkedHashMap<>();
    new JavaSparkContext(context)
            .parallelize(IntStream.range(0, tasks).boxed().toList(), tasks)
            .mapPartitions(question)
            .collect()
            .stream()
            .sorted(
                Comparator.comparing((ExaminedMachine m) -> m.executor().length())
                    .thenComparing(ExaminedMachine::executor))
            .forEach(machine -> heard.putIfAbsent(machine.executor(), machine));
    return List.copyOf(heard.values());
  }

  /** What Spark's settings ask for; one where they leave it open. */
  private static int wanted() {
    try {
      return ClusterShape.ofRunningSpark().nodes();
    } catch (LakestillException e) {
      return 1; // A training would be refused, teach would not.
    }
  }

  private static boolean isOff(long clock, long before, long after) {
    return clock < before - CLOCK_MILLIS || clock > after + CLOCK_MILLIS;
  }
}
