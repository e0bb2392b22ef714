package io.lakestill.objective.feature;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.Matrices;
import io.lakestill.objective.numeric.MatrixProduct;
import io.lakestill.objective.numeric.UnitRows;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Similarity-preserving distillation: rows that are alike for the teacher are alike for the
 * student.
 *
 * <p>{@code G = F F^T} of the flattened features, each row divided by its norm (at least 1e-12);
 * {@code loss = (1/B^2) |G_s - G_t|_F^2}.
 *
 * <p>Shapes: {@code student.embedding: [batch, width]} or {@code student.map: [batch, channels, h,
 * w]}, {@code teacher} likewise with its own width. A batch of one has loss 0. In distributed
 * training the batch is one worker's part.
 *
 * <p>Source: Tung, Mori, "Similarity-Preserving Knowledge Distillation", 2019;
 * megvii-research/mdistiller {@code SP.py}. The paper's norm is row-wise too.
 */
public final class SimilarityPreserving implements Objective {
  private static final long serialVersionUID = 1L;

  private static final double FLOOR = 1e-12;

  private final Feature feature;
  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] student;
  private transient double[] studentGram;
  private transient double[] teacherGram;
  private transient double[] norms;
  private transient double[] slope;

  public SimilarityPreserving(Feature feature) {
    this.feature = feature;
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student." + feature.key(), "teacher." + feature.key());
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    String name = feature.in(batch);
    Tensor ours = batch.finite("student." + name);
    Tensor theirs = batch.finite("teacher." + name);
    int rows = ours.rows();
    studentGram = Scratch.atLeast(studentGram, rows * rows);
    teacherGram = Scratch.atLeast(teacherGram, rows * rows);
    norms = Scratch.atLeast(norms, rows);
    slope = Doubles.of(theirs, slope);
    matrices.gram(slope, rows, theirs.width(), teacherGram);
    UnitRows.normalise(teacherGram, rows, rows, FLOOR, norms);
    student = Doubles.of(ours, student);
    matrices.gram(student, rows, ours.width(), studentGram);
    UnitRows.normalise(studentGram, rows, rows, FLOOR, norms);
    double loss = 0;
    for (int i = 0; i < rows * rows; i++) {
      double difference = studentGram[i] - teacherGram[i];
      loss += difference * difference / rows / rows;
      teacherGram[i] = 2 * difference / rows / rows;
    }
    UnitRows.backward(teacherGram, studentGram, norms, rows, rows, FLOOR);
    Matrices.addTranspose(teacherGram, rows);
    slope = Scratch.atLeast(slope, ours.size());
    matrices.multiply(teacherGram, student, rows, rows, ours.width(), slope);
    Doubles.addTo(gradients.of("student." + name), 1, slope);
    return loss;
  }

  /** Finds {@link SimilarityPreserving} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "similarity-preserving";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Feature feature = options.choice("feature", Feature.class);
      return options.build(() -> new SimilarityPreserving(feature));
    }
  }
}
