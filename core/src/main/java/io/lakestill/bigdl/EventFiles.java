package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.optim.Trigger;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import com.intel.analytics.bigdl.dllib.tensor.TensorNumericMath.TensorNumeric;
import com.intel.analytics.bigdl.dllib.visualization.Summary;
import com.intel.analytics.bigdl.dllib.visualization.TrainSummary;
import com.intel.analytics.bigdl.dllib.visualization.ValidationSummary;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import scala.reflect.ClassTag;

/**
 * BigDL's TensorBoard event files in a private local folder ({@code train/} and {@code
 * validation/}), which are also how BigDL tells the driver what a validation measured and how it is
 * made to bring the weights home: it fetches them for the histograms of {@code Parameters}.
 */
final class EventFiles {
  private EventFiles() {}

  /** Loss, learning rate and throughput of every step. */
  static TrainSummary training(Path folder, TrainingMonitor monitor) {
    TrainSummary summary = new Training(folder.getParent(), folder.getFileName());
    summary.setSummaryTrigger("LearningRate", Trigger.severalIteration(1));
    summary.setSummaryTrigger("Parameters", monitor::keeps);
    return summary;
  }

  /** Accuracy and losses of every epoch. */
  static ValidationSummary validation(Path folder, TrainingMonitor monitor) {
    return new Validation(folder.getParent(), folder.getFileName(), monitor);
  }

  /**
   * Closes the files and waits until they hold everything: BigDL writes them on a thread of its
   * own, which ends some time after it is told to.
   */
  static void close(TrainSummary training, ValidationSummary validation, TrainingMonitor monitor) {
    training.close();
    validation.close();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!holds(training, "Loss", monitor.steps())
        || !holds(validation, TrainingMonitor.ACCURACY, monitor.validations())) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("BigDL did not finish its event files in 30 seconds");
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
  }

  private static boolean holds(Summary summary, String tag, int events) {
    try {
      return summary.readScalar(tag).length >= events;
    } catch (RuntimeException halfWritten) {
      return false;
    }
  }

  private static final class Training extends TrainSummary {
    Training(Path parent, Path name) {
      super(parent.toString(), name.toString());
    }

    /** Left out: BigDL bins value by value through a closure, seconds for a large student. */
    @Override
    public <T> Summary addHistogram(
        String tag, Tensor<T> values, long step, ClassTag<T> type, TensorNumeric<T> numeric) {
      return this;
    }
  }

  private static final class Validation extends ValidationSummary {
    private final TrainingMonitor monitor;

    Validation(Path parent, Path name, TrainingMonitor monitor) {
      super(parent.toString(), name.toString());
      this.monitor = monitor;
    }

    @Override
    public Summary addScalar(String tag, float value, long step) {
      monitor.scalar(tag, value);
      return super.addScalar(tag, value, step);
    }
  }
}
