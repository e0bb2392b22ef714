package io.lakestill.jobs;

import static io.lakestill.jobs.TrainingMemory.mebibytes;

import io.lakestill.error.Errors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Whether executors have the memory that a training takes: of the heap, of what their container may
 * take outside of it, and of the machines they are on.
 *
 * @param room that the settings give an executor
 * @param nodes of the training
 * @param speaking bytes outside the heap that ONNX Runtime takes in the same processes
 */
record MemoryChecks(ExecutorRoom room, List<Node> nodes, long speaking) {
  /**
   * @param name of the training, for messages
   * @param held by it on a node
   * @return what is no fault but should be known
   * @throws io.lakestill.error.LakestillException (exit 2) when it cannot hold it
   */
  List<String> require(String name, TrainingMemory held) {
    TrainingMemory taken = held.plusOutside(speaking);
    requireHeap(name, taken);
    requireOutside(name, taken);
    return machines(name, taken);
  }

  private boolean isLocal() {
    return room.process() == ExecutorRoom.Process.LOCAL;
  }

  private String each() {
    return isLocal() ? "" : " on each executor";
  }

  private void requireHeap(String name, TrainingMemory taken) {
    if (taken.heap() > room.heap()) {
      boolean local = isLocal();
      throw Errors.badRecipe(
          String.format(
              Locale.ROOT,
              "The training of %s needs a heap of at least %,d MiB%s, and %s is %,d MiB: %s, and"
                  + " 300 MiB for Spark. Give %s %dm or more, a smaller train.batch or a larger"
                  + " train.accumulate where replicas are large, or a smaller train.memory where"
                  + " rows are, which then lie on local disk.",
              name,
              mebibytes(taken.heap()),
              each(),
              local ? "that of this JVM (spark.driver.memory)" : "spark.executor.memory",
              room.heap() >> 20,
              taken.shown(),
              local ? "--driver-memory" : "--executor-memory",
              mebibytes(taken.heap() + taken.heap() / 8)));
    }
  }

  private void requireOutside(String name, TrainingMemory taken) {
    long given = room.outside().orElse(Long.MAX_VALUE);
    if (taken.outside() > given) {
      throw Errors.badRecipe(
          String.format(
              Locale.ROOT,
              "The training of %s needs %,d MiB outside the heap%s, and a container has %,d MiB for"
                  + " that (%s, by default a tenth of the heap and at least 384 MiB): %s. The"
                  + " cluster would end a container that takes more. Give --conf %s=%dm%s.",
              name,
              mebibytes(taken.outside()),
              each(),
              given >> 20,
              ExecutorRoom.OVERHEAD,
              outside(taken),
              ExecutorRoom.OVERHEAD,
              mebibytes(taken.outside()),
              taken.oneDnn() > 0 ? ", or train.engine = arrays, which computes on the heap" : ""));
    }
  }

  private String outside(TrainingMemory taken) {
    return String.format(
        Locale.ROOT,
        "Java and libraries %,d MiB, oneDNN %,d MiB, ONNX Runtime %,d MiB",
        mebibytes(taken.outside() - taken.oneDnn() - speaking),
        mebibytes(taken.oneDnn()),
        mebibytes(speaking));
  }

  /** Where no container limits an executor, the machine does, or the container of the machine. */
  private List<String> machines(String name, TrainingMemory taken) {
    Map<String, List<Node>> machines = new LinkedHashMap<>();
    nodes.forEach(node -> machines.computeIfAbsent(node.host(), h -> new ArrayList<>()).add(node));
    List<String> warnings = new ArrayList<>();
    machines.forEach(
        (host, there) -> {
          long has = there.get(0).memoryBytes();
          long outside = taken.outside() + room.offHeap();
          long least = there.size() * (taken.heap() + outside);
          long most = there.size() * (room.heap() + outside);
          String what =
              String.format(
                  Locale.ROOT,
                  "%s on %s, which has %,d MiB of memory",
                  shown(there),
                  host,
                  has >> 20);
          if (least > has) {
            throw Errors.badRecipe(
                String.format(
                    Locale.ROOT,
                    "The training of %s needs %,d MiB for %s: %s, 300 MiB for Spark, and outside"
                        + " the heap %s. Give fewer or smaller executors for each machine, a"
                        + " smaller train.batch or a smaller train.memory, or machines with more"
                        + " memory.",
                    name,
                    mebibytes(least),
                    what,
                    taken.shown(),
                    outside(taken)));
          }
          if (most > has) {
            warnings.add(
                String.format(
                    Locale.ROOT,
                    "%s may take %,d MiB: a heap of %,d MiB%s, and %,d MiB outside of it. The"
                        + " training of %s needs no more than %,d MiB of heap; give %s %dm, so that"
                        + " the system neither swaps nor ends it.",
                    what,
                    mebibytes(most),
                    room.heap() >> 20,
                    there.size() > 1 ? " each" : "",
                    mebibytes(outside),
                    name,
                    mebibytes(taken.heap()),
                    isLocal() ? "--driver-memory" : "--executor-memory",
                    mebibytes(taken.heap() + taken.heap() / 8)));
          }
        });
    return warnings;
  }

  private String shown(List<Node> there) {
    if (isLocal()) {
      return "this JVM";
    }
    return there.size() == 1 ? "1 executor" : there.size() + " executors";
  }
}
