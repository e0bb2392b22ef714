package io.lakestill.metric;

import io.lakestill.error.Errors;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Counts over classified rows, from which every figure of a scorecard follows. Tallies of parts
 * merge into the tally of the whole.
 *
 * <p>With {@code q = softmax(logits)}, confidence {@code max q} and prediction {@code argmax q}
 * (the lowest index on a tie):
 *
 * <ul>
 *   <li>accuracy: the part of rows whose prediction is the label;
 *   <li>cross-entropy: the mean of {@code -log q[label]}, in nats;
 *   <li>entropy: the mean of {@code -sum_c q_c log q_c}, in nats;
 *   <li>calibration error: {@code sum_m (n_m/n) |accuracy_m - confidence_m|} over bins of equal
 *       width, bin {@code m} of {@code M} holding confidences in {@code (m/M, (m+1)/M]} (Guo,
 *       Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", 2017, equation 3);
 *   <li>agreement: the part of rows whose prediction is the teacher's;
 *   <li>divergence: the means of {@code KL(teacher || student)} and of {@code KL(student ||
 *       teacher)} at temperature 1, in nats.
 * </ul>
 *
 * <p>Not safe for several threads.
 */
public final class ClassificationTally implements Serializable {
  private static final long serialVersionUID = 1L;

  private final int classes;
  private final long[] confusion;
  private final long[] binRows;
  private final long[] binCorrect;
  private final double[] binConfidence;
  private long rows;
  private long correct;
  private double negativeLogLikelihood;
  private double entropy;
  private long taughtRows;
  private long agreed;
  private double divergence;
  private double reverseDivergence;
  private transient double[] studentLog;
  private transient double[] teacherLog;

  /**
   * @param classes the width of a row of logits, at least 2
   * @param bins the number of calibration bins, at least 1
   */
  public ClassificationTally(int classes, int bins) {
    if (classes < 2 || bins < 1) {
      throw new IllegalArgumentException(
          "needs at least 2 classes and 1 bin, has %d and %d".formatted(classes, bins));
    }
    this.classes = classes;
    this.confusion = new long[classes * classes];
    this.binRows = new long[bins];
    this.binCorrect = new long[bins];
    this.binConfidence = new double[bins];
  }

  /** Counts the row whose logits start at {@code offset}. */
  public void add(float[] logits, int offset, int label) {
    if (label < 0 || label >= classes) {
      throw Errors.badInput(
          "Label %d in row %d of this part is not one of the %d classes (0 to %d); check data.label and data.classes."
              .formatted(label, rows, classes, classes - 1));
    }
    studentLog = logProbabilities("logits", logits, offset, studentLog);
    int prediction = argmax(logits, offset);
    double confidence = Math.exp(studentLog[prediction]);
    int bin = Math.max(0, (int) Math.ceil(confidence * binRows.length) - 1);
    boolean right = prediction == label;
    rows++;
    correct += right ? 1 : 0;
    confusion[label * classes + prediction]++;
    negativeLogLikelihood -= studentLog[label];
    for (int c = 0; c < classes; c++) {
      entropy -= Math.exp(studentLog[c]) * studentLog[c];
    }
    bin = Math.min(bin, binRows.length - 1);
    binRows[bin]++;
    binCorrect[bin] += right ? 1 : 0;
    binConfidence[bin] += confidence;
  }

  /** Counts a row together with what the teacher said of it. */
  public void add(float[] logits, int offset, int label, float[] teacherLogits, int teacherOffset) {
    teacherLog = logProbabilities("teacher logits", teacherLogits, teacherOffset, teacherLog);
    add(logits, offset, label);
    taughtRows++;
    agreed += argmax(logits, offset) == argmax(teacherLogits, teacherOffset) ? 1 : 0;
    for (int c = 0; c < classes; c++) {
      double ratio = teacherLog[c] - studentLog[c];
      divergence += Math.exp(teacherLog[c]) * ratio;
      reverseDivergence -= Math.exp(studentLog[c]) * ratio;
    }
  }

  /** Adds the counts of another tally of the same classes and bins. */
  public void merge(ClassificationTally other) {
    if (classes != other.classes || binRows.length != other.binRows.length) {
      throw new IllegalArgumentException(
          "cannot merge a tally of %d classes and %d bins into one of %d and %d"
              .formatted(other.classes, other.binRows.length, classes, binRows.length));
    }
    rows += other.rows;
    correct += other.correct;
    negativeLogLikelihood += other.negativeLogLikelihood;
    entropy += other.entropy;
    taughtRows += other.taughtRows;
    agreed += other.agreed;
    divergence += other.divergence;
    reverseDivergence += other.reverseDivergence;
    Arrays.setAll(confusion, i -> confusion[i] + other.confusion[i]);
    Arrays.setAll(binRows, i -> binRows[i] + other.binRows[i]);
    Arrays.setAll(binCorrect, i -> binCorrect[i] + other.binCorrect[i]);
    Arrays.setAll(binConfidence, i -> binConfidence[i] + other.binConfidence[i]);
  }

  public int classes() {
    return classes;
  }

  public long rows() {
    return rows;
  }

  public double accuracy() {
    return mean((double) correct, rows);
  }

  public double crossEntropy() {
    return mean(negativeLogLikelihood, rows);
  }

  public double entropy() {
    return mean(entropy, rows);
  }

  public double calibrationError() {
    double gaps = 0;
    for (int bin = 0; bin < binRows.length; bin++) {
      gaps += Math.abs(binCorrect[bin] - binConfidence[bin]);
    }
    return mean(gaps, rows);
  }

  /** The rows that came with a teacher's logits. */
  public long taughtRows() {
    return taughtRows;
  }

  public double agreement() {
    return mean((double) agreed, taughtRows);
  }

  /** The mean of {@code KL(teacher || student)}. */
  public double divergence() {
    return mean(divergence, taughtRows);
  }

  /** The mean of {@code KL(student || teacher)}. */
  public double reverseDivergence() {
    return mean(reverseDivergence, taughtRows);
  }

  /** How many rows of class {@code label} were predicted as {@code prediction}. */
  public long confusion(int label, int prediction) {
    return confusion[label * classes + prediction];
  }

  public List<ReliabilityBin> reliability() {
    int bins = binRows.length;
    return IntStream.range(0, bins)
        .mapToObj(
            bin -> {
              double count = Math.max(1, binRows[bin]);
              return new ReliabilityBin(
                  (double) bin / bins,
                  (double) (bin + 1) / bins,
                  binRows[bin],
                  binConfidence[bin] / count,
                  binCorrect[bin] / count);
            })
        .toList();
  }

  private double[] logProbabilities(String what, float[] logits, int offset, double[] reused) {
    for (int c = 0; c < classes; c++) {
      if (!Float.isFinite(logits[offset + c])) {
        throw Errors.badInput(
            "The %s of class %d are %s in row %d of this part; such a model cannot be scored: check its weights and the features it was given."
                .formatted(what, c, logits[offset + c], rows));
      }
    }
    double[] filled = reused == null ? new double[classes] : reused;
    LogSoftmax.of(logits, offset, classes, 1.0, filled);
    return filled;
  }

  private int argmax(float[] logits, int offset) {
    int best = 0;
    for (int c = 1; c < classes; c++) {
      if (logits[offset + c] > logits[offset + best]) {
        best = c;
      }
    }
    return best;
  }

  private static double mean(double sum, long count) {
    if (count == 0) {
      throw new IllegalStateException("no row was counted");
    }
    return sum / count;
  }
}
