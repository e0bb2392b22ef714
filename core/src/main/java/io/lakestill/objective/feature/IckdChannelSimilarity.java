package io.lakestill.objective.feature;

import io.lakestill.error.Errors;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.numeric.Matrices;
import io.lakestill.objective.numeric.MatrixProduct;
import io.lakestill.objective.numeric.SpatialMap;
import io.lakestill.objective.numeric.UnitRows;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Inter-channel correlation: channels of a row go together as the teacher's do.
 *
 * <p>{@code G = F F^T} over locations, {@code [channels, channels]} per row, its rows divided by
 * their norm (at least 1e-12); {@code loss = sum (G_s - G_t)^2 / (C B^2)}.
 *
 * <p>Shapes: {@code student.map, teacher.map: [batch, channels, h, w]} with the same channels; the
 * grids may differ.
 *
 * <p>Source: Liu et al., "Exploring Inter-Channel Correlation for Diversity-Preserved Knowledge
 * Distillation", 2021; torchdistill {@code mid_level.py}, {@code ChSimLoss}, which divides by
 * {@code B^2} although it is a mean over rows. So the loss falls with the batch: it is {@code 1/B}
 * of a mean over rows, {@code B} being one worker's part of the batch. With another batch or other
 * cores, what a weight means stays the same when weight over {@code B} does.
 */
public final class IckdChannelSimilarity implements Objective {
  private static final long serialVersionUID = 1L;

  private static final double FLOOR = 1e-12;

  private final SpatialMap studentMap = new SpatialMap();
  private final SpatialMap teacherMap = new SpatialMap();
  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] studentGram;
  private transient double[] teacherGram;
  private transient double[] norms;
  private transient double[] slope;

  @Override
  public Requirements requires() {
    return Requirements.of("student.map", "teacher.map");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    double[] s = studentMap.read(batch.finite("student.map"));
    double[] t = teacherMap.read(batch.finite("teacher.map"));
    int rows = studentMap.rows();
    int channels = studentMap.channels();
    if (channels != teacherMap.channels()) {
      throw Errors.badInput(
          "ickd-channel-similarity needs equal channels: the student's map has %d, the teacher's %d."
              .formatted(channels, teacherMap.channels()));
    }
    int width = studentMap.positions();
    studentGram = Scratch.atLeast(studentGram, channels * channels);
    teacherGram = Scratch.atLeast(teacherGram, channels * channels);
    norms = Scratch.atLeast(norms, channels);
    slope = Scratch.atLeast(slope, rows * channels * width);
    double scale = 1.0 / channels / rows / rows;
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      gram(t, row, channels, teacherMap.positions(), teacherGram);
      gram(s, row, channels, width, studentGram);
      for (int i = 0; i < channels * channels; i++) {
        double difference = studentGram[i] - teacherGram[i];
        loss += scale * difference * difference;
        teacherGram[i] = 2 * scale * difference;
      }
      UnitRows.backward(teacherGram, studentGram, norms, channels, channels, FLOOR);
      Matrices.addTranspose(teacherGram, channels);
      int at = row * channels * width;
      matrices.multiply(teacherGram, 0, s, at, channels, channels, width, slope, at);
    }
    studentMap.backward(slope, 1, gradients.of("student.map"));
    return loss;
  }

  private void gram(double[] map, int row, int channels, int width, double[] gram) {
    matrices.gram(map, row * channels * width, channels, width, gram, 0);
    UnitRows.normalise(gram, channels, channels, FLOOR, norms);
  }

  /** Finds {@link IckdChannelSimilarity} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "ickd-channel-similarity";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      return options.build(IckdChannelSimilarity::new);
    }
  }
}
