package io.lakestill.objective.logit;

import io.lakestill.error.Errors;
import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Sequence-level distillation: cross-entropy with the tokens a teacher generated.
 *
 * <p>{@code token-mean}: {@code -log q_y} summed over unmasked rows, divided by their number.
 * {@code sequence-mean-of-sums}: summed likewise, divided by the number of sequences.
 *
 * <p>Shapes: {@code student.logits: [tokens, classes]}, {@code labels, mask: [tokens]}; with {@code
 * sequence-mean-of-sums} also {@code index.sequence: [tokens]}, the sequences numbered from 0
 * without gaps. In nats. Without an unmasked row the loss is 0.
 *
 * <p>Source: Kim, Rush, "Sequence-Level Knowledge Distillation", 2016.
 */
public final class SequenceKdCe implements Objective {
  private static final long serialVersionUID = 1L;

  /** What the sum over tokens is divided by. */
  public enum Reduction {
    TOKEN_MEAN,
    SEQUENCE_MEAN_OF_SUMS
  }

  private final Reduction reduction;
  private transient double[] studentLog;

  public SequenceKdCe(Reduction reduction) {
    this.reduction = reduction;
  }

  @Override
  public Requirements requires() {
    Requirements tokens = Requirements.of("student.logits", "labels");
    return reduction == Reduction.TOKEN_MEAN
        ? tokens
        : tokens.and(Requirements.of("index.sequence"));
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    if (reduction == Reduction.TOKEN_MEAN) {
      return Equipment.NONE;
    }
    throw Errors.notTrainable(
        "sequence-kd-ce with reduction = sequence-mean-of-sums",
        "the sequence of each row",
        "a training batch is drawn by rows, which tears sequences apart; use token-mean");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.logits");
    int rows = student.rows();
    int classes = student.width();
    int[] labels = batch.labels(classes);
    int count = reduction == Reduction.TOKEN_MEAN ? batch.unmaskedRows() : sequences(batch, rows);
    studentLog = Scratch.atLeast(studentLog, classes);
    float[] gradient = gradients.of("student.logits").data();
    double sum = 0;
    for (int row = 0; row < rows; row++) {
      if (batch.masked(row)) {
        continue;
      }
      int offset = row * classes;
      LogSoftmax.of(student.data(), offset, classes, 1.0, studentLog);
      sum -= studentLog[labels[row]];
      for (int c = 0; c < classes; c++) {
        double target = c == labels[row] ? 1 : 0;
        gradient[offset + c] += (float) ((Math.exp(studentLog[c]) - target) / count);
      }
    }
    return count == 0 ? 0 : sum / count;
  }

  private static int sequences(Batch batch, int rows) {
    int[] sequences = batch.indices("index.sequence").data();
    int last = -1;
    for (int row = 0; row < rows; row++) {
      last = Math.max(last, sequences[row]);
    }
    return last + 1;
  }

  /** Finds {@link SequenceKdCe} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "sequence-kd-ce";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Reduction reduction = options.choice("reduction", Reduction.class);
      return options.build(() -> new SequenceKdCe(reduction));
    }
  }
}
