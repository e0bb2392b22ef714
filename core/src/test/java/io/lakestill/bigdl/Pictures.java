package io.lakestill.bigdl;

import io.lakestill.objective.WeightedTerms;
import io.lakestill.student.Convolution;
import io.lakestill.student.GlobalAveragePooling;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.Relu;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.HeapRows;
import io.lakestill.train.PackedRow;
import io.lakestill.train.PackedRows;
import io.lakestill.train.RowLayout;
import io.lakestill.train.RowLayout.Slot;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;

/** Small noisy pictures of a few strokes each, with a teacher that knows the clean ones. */
record Pictures(int rows, long seed) implements Serializable {
  static final int CLASSES = 4;
  static final int SIDE = 6;

  /** What the teacher says of a picture. */
  static final Map<String, List<Integer>> SIGNALS =
      Map.of("logits", List.of(CLASSES), "embedding", List.of(7), "map", List.of(2, SIDE, SIDE));

  static StudentGraph student() {
    return new StudentGraph(
        Shape.image(1, SIDE, SIDE),
        List.of(
            new Convolution("conv1", Layer.INPUT, 5, 3, 1, 1, true),
            new Relu("relu1", "conv1"),
            new Convolution("conv2", "relu1", 6, 3, 1, 1, true),
            new Relu("relu2", "conv2"),
            new GlobalAveragePooling("pool", "relu2"),
            new Linear("classes", "pool", CLASSES, true)),
        Map.of("logits", "classes", "embedding", "pool", "map_relu2", "relu2"));
  }

  static RowLayout targets(WeightedTerms loss) {
    return RowLayout.targets(loss.requires(), SIGNALS);
  }

  PackedRows packed(RowLayout targets) {
    return HeapRows.of(rows(targets));
  }

  List<PackedRow> rows(RowLayout targets) {
    Random shapes = new Random(5);
    float[][] clean = new float[CLASSES][SIDE * SIDE];
    for (float[] picture : clean) {
      for (int i = 0; i < picture.length; i++) {
        picture[i] = shapes.nextInt(3) == 0 ? 2 : 0;
      }
    }
    Random random = new Random(seed);
    float[][] features = new float[rows][SIDE * SIDE];
    float[][] values = new float[rows][targets.width()];
    for (int row = 0; row < rows; row++) {
      int label = row % CLASSES;
      for (int i = 0; i < SIDE * SIDE; i++) {
        features[row][i] = (float) (clean[label][i] + 0.5 * random.nextGaussian());
      }
      for (Slot slot : targets.slots()) {
        if (slot.name().equals("labels")) {
          values[row][slot.offset()] = label;
        } else {
          describe(slot, clean[label], features[row], values[row]);
        }
      }
    }
    return IntStream.range(0, rows)
        .mapToObj(row -> new PackedRow(features[row], values[row]))
        .toList();
  }

  /** Fixed random sums over the clean picture, and a little of the noisy one. */
  private static void describe(Slot slot, float[] clean, float[] noisy, float[] to) {
    Random weights = new Random(slot.name().hashCode());
    for (int i = 0; i < slot.width(); i++) {
      double sum = 0;
      for (int pixel = 0; pixel < clean.length; pixel++) {
        sum += weights.nextGaussian() * (clean[pixel] + 0.2 * noisy[pixel]) / SIDE;
      }
      to[slot.offset() + i] = (float) sum;
    }
  }

  /** In one partition, as local mode wants it. */
  JavaRDD<PackedRow> block(RowLayout targets) {
    return LocalSpark.context()
        .parallelize(List.of(0), 1)
        .flatMap(block -> rows(targets).iterator());
  }
}
