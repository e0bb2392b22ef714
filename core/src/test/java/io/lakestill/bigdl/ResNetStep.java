package io.lakestill.bigdl;

import com.sun.management.OperatingSystemMXBean;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.student.ResNet;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.Epoch;
import io.lakestill.train.RowLayout;
import io.lakestill.train.TrainingProgress;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What the speed of objectives is measured against: one training step (forward, backward and
 * update) of ResNet-20 at 256 rows of 3x32x32 with 100 classes on two cores, by the clock and in
 * processor time of both cores together.
 */
final class ResNetStep {
  private static final int ROWS = 256;
  private static final int STEPS = 10;
  private static final int CLASSES = 100;

  private ResNetStep() {}

  public static void main(String[] arguments) throws IOException {
    Shape input = Shape.image(3, 32, 32);
    ResNet resnet = new ResNet(20, 1.0);
    StudentGraph graph =
        new StudentGraph(input, resnet.layers(input, CLASSES), Map.of("logits", "logits"));
    WeightedTerms loss = Blobs.crossEntropy();
    RowLayout targets = Blobs.targets(loss, CLASSES);
    StudentTrainer trainer =
        new StudentTrainer(
            graph,
            loss,
            targets,
            Blobs.settings(1, ROWS, Blobs.adam(0.001)),
            1,
            LocalSpark.cluster());
    Path events = Files.createTempDirectory("lakestill-resnet-step");
    Clocks clocks = new Clocks();
    trainer.train(
        new Blobs(STEPS * ROWS, input.width(), CLASSES, 1).block(targets),
        new Blobs(CLASSES, input.width(), CLASSES, 2).block(targets),
        events,
        clocks);
    clocks.print();
    LocalSpark.context().stop();
  }

  /** Reads both clocks at the end of each step. */
  private static final class Clocks implements TrainingProgress {
    private final OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final List<Long> wall = new ArrayList<>();
    private final List<Long> processor = new ArrayList<>();

    @Override
    public void step(Step step) {
      wall.add(System.nanoTime());
      processor.add(system.getProcessCpuTime());
    }

    @Override
    public void epoch(Epoch epoch) {}

    void print() {
      System.out.printf(
          "resnet20_step_ms=%.0f resnet20_step_processor_ms=%.0f steps=%d%n",
          median(wall), median(processor), wall.size());
    }

    /** The median of the later half of the differences, when everything is compiled. */
    private static double median(List<Long> ends) {
      List<Long> each = new ArrayList<>();
      for (int i = ends.size() / 2; i < ends.size(); i++) {
        each.add(ends.get(i) - ends.get(i - 1));
      }
      each.sort(null);
      return each.get(each.size() / 2) / 1e6;
    }
  }
}
