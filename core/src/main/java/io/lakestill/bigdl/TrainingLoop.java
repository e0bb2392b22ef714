package io.lakestill.bigdl;

import io.lakestill.error.TrainingErrors;
import io.lakestill.io.Meter;
import io.lakestill.io.SafeTensors;
import io.lakestill.student.Parameters;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.CheckpointManifest.ParameterFile;
import io.lakestill.train.EpochPlan;
import io.lakestill.train.ResumeManifest;
import io.lakestill.train.TrainingEnvironment.Leg;
import io.lakestill.train.exchange.ExchangeFault;
import io.lakestill.train.exchange.Mesh;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * Runs a training's segments, one after the other, from where its nodes are to the end.
 *
 * @param rows of the nodes
 * @param setup that they were given
 * @param legs the shapes of the cluster from the first step on
 * @param monitor is told every segment
 * @param checkpoints where states are stored; empty when they are not
 */
record TrainingLoop(
    PackedDataSet rows,
    NodeSetup setup,
    List<Leg> legs,
    TrainingMonitor monitor,
    Optional<ResumeCheckpoints> checkpoints) {
  /** How long a segment takes when all goes well. */
  private static final Duration SEGMENT = Duration.ofSeconds(2);

  /** How much longer the next segment may be than the one before. */
  private static final int GROWTH = 8;

  /**
   * @param from where the nodes go on; none at the beginning
   * @throws io.lakestill.error.LakestillException (exit 4) when the loss or the weights are no
   *     longer finite
   * @throws ExchangeFault when the nodes are not, or no longer, of one mind
   */
  TrainedStudent run(List<RestorePoint> from) {
    List<NodeStart.Ready> nodes = rows.start(setup, from);
    requireAgreement(nodes);
    Mesh.Company company = company(nodes);
    EpochPlan plan = setup.rules().plan();
    int next = nodes.get(0).step() + 1;
    int count = 1;
    long stored = System.nanoTime();
    while (true) {
      int last = last(next, count);
      boolean isDue = System.nanoTime() - stored >= checkpointNanos();
      Segment segment =
          new Segment(
              next,
              last,
              company,
              isDue ? checkpoints.map(ResumeCheckpoints::place).stream().toList() : List.of());
      List<NodeReport.Done> reports = done(rows.run(segment, doing(plan, next, last)));
      NodeReport.Done lead = reports.get(0);
      requireOneHash(reports);
      monitor.told(segment, reports);
      requireFinite(plan, lead);
      if (lead.isOver()) {
        return trained(lead);
      }
      if (isDue && checkpoints.isPresent()) {
        commit(reports);
        stored = System.nanoTime();
      }
      // By what steps take, not stages: on a busy machine those would make segments shorter still.
      double perStep = Math.max(1.0, (double) lead.stepNanos() / (last - next + 1));
      count = (int) Math.max(1, Math.min((double) GROWTH * count, SEGMENT.toNanos() / perStep));
      next = last + 1;
    }
  }

  private static String doing(EpochPlan plan, int first, int last) {
    return "steps %d to %d of %d, epoch %d".formatted(first, last, plan.steps(), plan.epoch(last));
  }

  private long checkpointNanos() {
    return Duration.ofSeconds(setup.loop().checkpoint().seconds()).toNanos();
  }

  /** The last step of a segment of so many, or a few more: nodes must have met. */
  private int last(int first, int count) {
    int end = setup.rules().plan().steps();
    int last = Math.min(first + count - 1, end);
    while (last < end && !setup.meetsAfter(last)) {
      last++;
    }
    return last;
  }

  private static void requireAgreement(List<NodeStart.Ready> nodes) {
    Set<String> executors = new HashSet<>();
    for (NodeStart.Ready node : nodes) {
      if (!executors.add(node.executor())) {
        throw new ExchangeFault(
            "Two blocks of rows are on executor %s; each needs an executor of its own"
                .formatted(node.executor()));
      }
      if (node.step() != nodes.get(0).step() || node.hash() != nodes.get(0).hash()) {
        throw new ExchangeFault(
            "Node %d begins after step %d with other weights than node 0 after step %d"
                .formatted(node.node(), node.step(), nodes.get(0).step()));
      }
    }
  }

  private Mesh.Company company(List<NodeStart.Ready> nodes) {
    byte[] secret = new byte[32];
    new SecureRandom().nextBytes(secret);
    return new Mesh.Company(
        nodes.stream().map(NodeStart.Ready::address).toList(),
        secret,
        setup.loop().exchange().precision(),
        Duration.ofSeconds(setup.loop().exchange().timeoutSeconds()));
  }

  /** Our own errors before those of the exchange, which are their consequence on other nodes. */
  private static List<NodeReport.Done> done(List<NodeReport> reports) {
    List<RuntimeException> failures = new ArrayList<>();
    List<NodeReport.Done> done = new ArrayList<>();
    for (NodeReport report : reports) {
      if (report instanceof NodeReport.Failed failed) {
        failures.add(failed.cause());
      } else {
        done.add((NodeReport.Done) report);
      }
    }
    Optional<RuntimeException> first =
        failures.stream().filter(failure -> !(failure instanceof ExchangeFault)).findFirst();
    if (!failures.isEmpty()) {
      throw first.orElse(failures.get(0));
    }
    return done;
  }

  private static void requireOneHash(List<NodeReport.Done> reports) {
    NodeReport.Done lead = reports.get(0);
    for (NodeReport.Done other : reports) {
      if (other.step() != lead.step() || other.state().hash() != lead.state().hash()) {
        throw new ExchangeFault(
            "After step %d node %d has other weights than node 0"
                .formatted(lead.step(), other.node()));
      }
    }
  }

  private void requireFinite(EpochPlan plan, NodeReport.Done lead) {
    Optional<String> kept = checkpoints.flatMap(ResumeCheckpoints::newest);
    OptionalDouble lost = lead.state().lost().stream().mapToDouble(Double::doubleValue).findFirst();
    if (lost.isPresent()) {
      int step = Math.min(lead.step() + 1, plan.steps());
      throw TrainingErrors.diverged(plan.epoch(step), step, lost.getAsDouble(), kept);
    }
    if (!lead.state().isFinite()) {
      throw TrainingErrors.weightsDiverged(plan.epoch(lead.step()), lead.step(), kept);
    }
  }

  private void commit(List<NodeReport.Done> reports) {
    NodeReport.Done lead = reports.get(0);
    List<ParameterFile> memory =
        reports.stream()
            .flatMap(node -> node.stored().stream())
            .filter(file -> file != lead.stored().get(0))
            .toList();
    checkpoints
        .orElseThrow()
        .commit(
            new ResumeManifest.Position(lead.step(), lead.open()),
            monitor.history(),
            lead.stored().get(0),
            memory,
            setup.engine(),
            legs);
    Meter.TRAIN_CHECKPOINTS.add(1);
  }

  private TrainedStudent trained(NodeReport.Done lead) {
    StudentGraph student = setup.student();
    return new TrainedStudent(
        Parameters.fromSafeTensors(student, lead.best().get(0), "the first node"),
        SafeTensors.read(lead.best().get(1), "the first node"),
        setup.engine(),
        monitor.history(),
        legs);
  }
}
