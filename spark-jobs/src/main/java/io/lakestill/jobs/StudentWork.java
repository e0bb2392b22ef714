package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.io.EnumText;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.TrainingEngine;
import io.lakestill.train.PackedRow;
import io.lakestill.train.RowLayout;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Work for a student where there is no data at hand: Gaussian rows with the outputs of a teacher
 * that does not exist. What a step costs does not depend on what the rows show.
 *
 * @param kind the student
 * @param objective a term beside cross-entropy
 * @param engine of the recipe
 * @param batch rows per step
 * @param epochs passes over the rows
 */
record StudentWork(Kind kind, String objective, TrainingEngine engine, int batch, int epochs)
    implements Serializable {
  private static final int CLASSES = 10;
  private static final int EMBEDDING = 128;

  /** Students that are measured elsewhere, too. */
  enum Kind {
    /** 784-512-512-10. */
    MLP(List.of(1, 28, 28), "architecture = mlp, hidden = [512, 512]"),
    /** Convolutions 5x5 of 32 and 64 channels, each with ReLU and pooling, then 128 and 10. */
    CNN(
        List.of(1, 28, 28),
        "architecture = lenet, channels = [32, 64], kernel = 5, hidden = [128]"),
    /** He et al., 2016, for images of 32x32. */
    RESNET20(List.of(3, 32, 32), "architecture = resnet, depth = 20, width = 1.0");

    private final List<Integer> shape;
    private final String student;

    Kind(List<Integer> shape, String student) {
      this.shape = shape;
      this.student = student;
    }

    int width() {
      return shape.stream().reduce(1, Math::multiplyExact);
    }
  }

  /** As PyTorch's side is measured: a tenth of the loss by labels, Adam at 1e-3. */
  String recipe() {
    return """
    name = bench-student
    output = out
    data {
      train = rows.parquet, test = rows.parquet
      classes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
      features { columns = [pixels], shape = %s }
    }
    teacher { id = teacher, onnx = teacher.onnx, outputs { logits = logits, embedding = embedding } }
    student { %s }
    train {
      objectives = [{ type = "%s", weight = 0.9 }, { type = cross-entropy, weight = 0.1 }]
      epochs = %d, batch = %d
      engine = %s
      optimizer { type = adam, learning-rate = 1e-3 }
    }
    """
        .formatted(kind.shape, kind.student, objective, epochs, batch, EnumText.of(engine));
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 2) when the loss asks for more than labels,
   *     logits and an embedding
   */
  RowLayout targets(WeightedTerms loss) {
    try {
      return RowLayout.targets(
          loss.requires(), Map.of("logits", List.of(CLASSES), "embedding", List.of(EMBEDDING)));
    } catch (IllegalArgumentException e) {
      throw Errors.badRecipe(
          "bench student makes up logits and an embedding, and %s.".formatted(e.getMessage()));
    }
  }

  /** A partition of rows per node, made up as they are asked for. */
  JavaRDD<PackedRow> rows(JavaSparkContext spark, RowLayout targets, int nodes, int rows) {
    List<Integer> numbers = IntStream.range(0, nodes).boxed().toList();
    return spark
        .parallelize(numbers, nodes)
        .flatMap(node -> rows(targets, node, rows / nodes + (node < rows % nodes ? 1 : 0)));
  }

  private Iterator<PackedRow> rows(RowLayout targets, int node, int rows) {
    Random random = new Random(node);
    return IntStream.range(0, rows).mapToObj(row -> row(targets, random)).iterator();
  }

  private PackedRow row(RowLayout targets, Random random) {
    float[] features = new float[kind.width()];
    float[] values = new float[targets.width()];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) random.nextGaussian();
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    values[0] = random.nextInt(CLASSES);
    return new PackedRow(features, values);
  }
}
