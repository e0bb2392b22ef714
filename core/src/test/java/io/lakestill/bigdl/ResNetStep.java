package io.lakestill.bigdl;

import io.lakestill.objective.WeightedTerms;
import io.lakestill.student.ResNet;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.Epoch;
import io.lakestill.train.RowLayout;
import io.lakestill.train.TrainingProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * What the speed of objectives is measured against: seconds of one training step (forward, backward
 * and update) of ResNet-20 at 256 rows of 3x32x32 with 100 classes, on two cores.
 */
final class ResNetStep {
  private static final int ROWS = 256;
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
            Blobs.settings(6, ROWS, Blobs.adam(0.001)),
            1,
            LocalSpark.cluster());
    Path events = Files.createTempDirectory("lakestill-resnet-step");
    TrainedStudent trained =
        trainer.train(
            new Blobs(4 * ROWS, input.width(), CLASSES, 1).block(targets),
            new Blobs(CLASSES, input.width(), CLASSES, 2).block(targets),
            events,
            TrainingProgress.silent());
    double[] seconds =
        trained.history().epochs().stream().mapToDouble(Epoch::rowsPerSecond).sorted().toArray();
    System.out.printf(
        "resnet20_step_ms=%.0f rows_per_second=%s%n",
        1000 * ROWS / seconds[seconds.length / 2], Arrays.toString(seconds));
    LocalSpark.context().stop();
  }
}
