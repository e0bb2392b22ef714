package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.visualization.Summary;
import com.intel.analytics.bigdl.dllib.visualization.TrainSummary;
import com.intel.analytics.bigdl.dllib.visualization.ValidationSummary;
import io.lakestill.train.Epoch;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * TensorBoard event files in a private local folder ({@code train/} and {@code validation/}),
 * written by BigDL: loss, learning rate and throughput of every step, accuracy and losses of every
 * epoch.
 */
final class EventFiles implements AutoCloseable {
  private static final String LOSS = "Loss";
  private static final String ACCURACY = "Accuracy";

  private final Summary training;
  private final Summary validation;
  private int steps;
  private int epochs;

  EventFiles(Path folder) {
    String parent = folder.getParent().toString();
    this.training = new TrainSummary(parent, folder.getFileName().toString());
    this.validation = new ValidationSummary(parent, folder.getFileName().toString());
  }

  void step(int step, double loss, double learningRate, double rowsPerSecond) {
    training.addScalar(LOSS, (float) loss, step);
    training.addScalar("LearningRate", (float) learningRate, step);
    training.addScalar("Throughput", (float) rowsPerSecond, step);
    steps++;
  }

  /**
   * @param step that ended the epoch
   */
  void epoch(Epoch epoch, int step) {
    validation.addScalar(ACCURACY, (float) epoch.validationAccuracy(), step);
    epoch
        .validationTerms()
        .forEach((term, loss) -> validation.addScalar("Loss/" + term, loss.floatValue(), step));
    epoch
        .trainingTerms()
        .forEach(
            (term, loss) -> validation.addScalar("TrainingLoss/" + term, loss.floatValue(), step));
    epochs++;
  }

  /**
   * Closes the files and waits until they hold everything: BigDL writes them on a thread of its
   * own, which ends some time after it is told to.
   */
  void finish() {
    close();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!holds(training, LOSS, steps) || !holds(validation, ACCURACY, epochs)) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("BigDL did not finish its event files in 30 seconds");
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
  }

  /** Whether so many are there; of a file that is half written BigDL throws whatever it meets. */
  static boolean holds(Summary summary, String tag, int events) {
    try {
      return events == 0 || summary.readScalar(tag).length >= events;
    } catch (Exception halfWritten) { // Scala declares none: the parser's are an IOException.
      return false;
    }
  }

  @Override
  public void close() {
    training.close();
    validation.close();
  }
}
