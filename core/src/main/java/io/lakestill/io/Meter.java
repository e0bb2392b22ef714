package io.lakestill.io;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A figure of this JVM that Spark's metric system shows, where the driver or an executor has
 * registered it. Setting one costs no more than an atomic write, whether anybody looks or not.
 */
public enum Meter {
  /** Rows that teachers have scored for signal tables, since the command began. */
  TEACH_ROWS(Side.DRIVER, "teach.rows", 0),
  /** Rows per second of the teacher's pass that runs, or ran last. */
  TEACH_ROWS_PER_SECOND(Side.DRIVER, "teach.rowsPerSecond", 0),
  /** Rows that went to quarantine, known when a pass has ended. */
  TEACH_QUARANTINED(Side.DRIVER, "teach.quarantined", 0),

  /** The last step of the training that runs, or ran last; from 1. */
  TRAIN_STEP(Side.DRIVER, "train.step", 0),
  /** Its steps in all. */
  TRAIN_STEPS(Side.DRIVER, "train.steps", 0),
  /** The epoch of the last step; from 1. */
  TRAIN_EPOCH(Side.DRIVER, "train.epoch", 0),
  /** The weighted loss of the last step; NaN before the first. */
  TRAIN_LOSS(Side.DRIVER, "train.loss", Double.NaN),
  /** The learning rate of the last step. */
  TRAIN_LEARNING_RATE(Side.DRIVER, "train.learningRate", Double.NaN),
  /** Rows per second, over all nodes, validation left out. */
  TRAIN_SAMPLES_PER_SECOND(Side.DRIVER, "train.samplesPerSecond", 0),
  /** The validation accuracy of the last epoch that ended, from 0 to 1; NaN before. */
  TRAIN_VALIDATION_ACCURACY(Side.DRIVER, "train.validationAccuracy", Double.NaN),
  /** Seconds in which rows were copied or waited for, on the first core of the first node. */
  TRAIN_DATA_SECONDS(Side.DRIVER, "train.phase.dataSeconds", 0),
  /** The same of forward and backward. */
  TRAIN_MODEL_SECONDS(Side.DRIVER, "train.phase.modelSeconds", 0),
  /** The same of the loss and its gradient. */
  TRAIN_LOSS_SECONDS(Side.DRIVER, "train.phase.lossSeconds", 0),
  /** The same of adding gradients over cores and nodes. */
  TRAIN_EXCHANGE_SECONDS(Side.DRIVER, "train.phase.exchangeSeconds", 0),
  /** The same of changing the weights. */
  TRAIN_UPDATE_SECONDS(Side.DRIVER, "train.phase.updateSeconds", 0),
  /** Checkpoints stored, since the command began. */
  TRAIN_CHECKPOINTS(Side.DRIVER, "train.checkpoints", 0),
  /** How often trainings went on from a checkpoint after an executor was lost. */
  TRAIN_RESTARTS(Side.DRIVER, "train.restarts", 0),

  /** Rows that this executor's tasks have written to signal files, those of checks too. */
  TASK_ROWS(Side.EXECUTOR, "executor.teach.rows", 0),
  /** Rows that this executor's tasks have put into quarantine. */
  TASK_QUARANTINED(Side.EXECUTOR, "executor.teach.quarantined", 0);

  /** Who has it. */
  public enum Side {
    DRIVER,
    EXECUTOR
  }

  private final Side side;
  private final String written;
  private final AtomicLong bits;

  Meter(Side side, String written, double atFirst) {
    this.side = side;
    this.written = written;
    this.bits = new AtomicLong(Double.doubleToRawLongBits(atFirst));
  }

  public Side side() {
    return side;
  }

  /** Its name among the metrics, such as {@code train.loss}. */
  public String written() {
    return written;
  }

  public double value() {
    return Double.longBitsToDouble(bits.get());
  }

  public void set(double value) {
    bits.set(Double.doubleToRawLongBits(value));
  }

  public void add(double more) {
    bits.updateAndGet(old -> Double.doubleToRawLongBits(Double.longBitsToDouble(old) + more));
  }
}
