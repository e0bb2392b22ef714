package io.lakestill.bigdl;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.objective.logit.CrossEntropy;
import io.lakestill.objective.logit.KdKl;
import io.lakestill.recipe.BestBy;
import io.lakestill.recipe.ExchangePrecision;
import io.lakestill.recipe.LoopSettings;
import io.lakestill.recipe.MixSettings;
import io.lakestill.recipe.OptimizerSettings;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.RateSchedule;
import io.lakestill.recipe.RowMemory;
import io.lakestill.recipe.Settings;
import io.lakestill.recipe.TermSettings;
import io.lakestill.recipe.TrainSettings;
import io.lakestill.recipe.TrainingEngine;
import io.lakestill.train.PackedRow;
import io.lakestill.train.RowLayout;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;

/** Gaussian clouds, one per class, with a teacher that knows their centres: learnable rows. */
record Blobs(int rows, int width, int classes, long seed) implements Serializable {

  /** Targets: label, then the teacher's logits. */
  static RowLayout targets(WeightedTerms loss, int classes) {
    return RowLayout.targets(loss.requires(), Map.of("logits", List.of(classes)));
  }

  static WeightedTerms crossEntropy() {
    return new WeightedTerms(
        List.of(new WeightedTerms.Term("cross-entropy", 1, new CrossEntropy())));
  }

  static WeightedTerms distillation() {
    return new WeightedTerms(
        List.of(
            new WeightedTerms.Term("cross-entropy", 0.5, new CrossEntropy()),
            new WeightedTerms.Term("kd-kl", 0.5, new KdKl(2))));
  }

  static TrainSettings settings(int epochs, int batch, OptimizerSettings optimizer) {
    return new TrainSettings(
        List.of(term()), epochs, batch, optimizer, BestBy.ACCURACY, loop(), List.of(1));
  }

  /** No option used, no restart, a checkpoint after every segment. */
  static LoopSettings loop() {
    return loop(0);
  }

  static LoopSettings loop(int restarts) {
    return loop(restarts, new RowMemory.Share(0.4));
  }

  static LoopSettings loop(int restarts, RowMemory rows) {
    return new LoopSettings(
        TrainingEngine.ARRAYS,
        new LoopSettings.Exchange(ExchangePrecision.FP32, 60),
        1,
        1,
        restarts,
        new LoopSettings.Checkpoint(0, 2),
        0,
        0,
        0,
        rows,
        MixSettings.NONE);
  }

  static TrainSettings settings(
      int epochs, int batch, OptimizerSettings optimizer, LoopSettings loop) {
    return new TrainSettings(
        List.of(term()), epochs, batch, optimizer, BestBy.ACCURACY, loop, List.of(1));
  }

  static OptimizerSettings adam(double rate) {
    return new OptimizerSettings(OptimizerSettings.Type.ADAM, rate, 0, 0, RateSchedule.CONSTANT);
  }

  private static TermSettings term() {
    ConfigObject none = ConfigFactory.empty().root();
    return new TermSettings("cross-entropy", 1, new Settings(none, "", none, new Problems()));
  }

  List<PackedRow> packed(RowLayout targets) {
    Random random = new Random(seed);
    float[][] centres = new float[classes][width];
    Random placing = new Random(7);
    for (float[] centre : centres) {
      for (int i = 0; i < width; i++) {
        centre[i] = (float) placing.nextGaussian();
      }
    }
    float[][] features = new float[rows][width];
    float[][] values = new float[rows][targets.width()];
    for (int row = 0; row < rows; row++) {
      int label = row % classes;
      values[row][0] = label;
      for (int i = 0; i < width; i++) {
        features[row][i] = (float) (centres[label][i] + random.nextGaussian());
      }
      for (int c = 0; c < targets.width() - 1; c++) {
        float squared = 0;
        for (int i = 0; i < width; i++) {
          float difference = features[row][i] - centres[c][i];
          squared += difference * difference;
        }
        values[row][1 + c] = -squared / 2;
      }
    }
    return IntStream.range(0, rows)
        .mapToObj(row -> new PackedRow(features[row], values[row]))
        .toList();
  }

  /** In one partition, as local mode wants it. */
  JavaRDD<PackedRow> block(RowLayout targets) {
    return LocalSpark.context()
        .parallelize(List.of(0), 1)
        .flatMap(block -> packed(targets).iterator());
  }
}
