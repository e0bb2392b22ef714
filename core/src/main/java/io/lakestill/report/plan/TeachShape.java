package io.lakestill.report.plan;

import java.util.OptionalDouble;

/**
 * How the teach stage is laid out over a cluster: an elastic stage of independent tasks, each of
 * which costs one part of the rows when it is lost.
 *
 * @param tasks parts of the rows
 * @param rowsPerTask rows of the largest of them
 * @param cores that work at once; never more than there are tasks
 * @param executors of {@code coresPerExecutor}, the last perhaps not full
 * @param coresPerExecutor tasks of one executor at once
 * @param seconds by the clock, as whole rounds of tasks; empty when the teacher's speed is not
 *     known
 */
public record TeachShape(
    long tasks,
    long rowsPerTask,
    long cores,
    long executors,
    int coresPerExecutor,
    OptionalDouble seconds) {

  /**
   * What is to be laid out.
   *
   * @param rows of the pass, at least 1
   * @param rowsPerTask at most, {@code signals.rows-per-task}
   * @param coresPerExecutor as the cluster gives them
   */
  public record Work(long rows, int rowsPerTask, int coresPerExecutor) {
    public Work {
      if (rows < 1 || rowsPerTask < 1 || coresPerExecutor < 1) {
        throw new IllegalArgumentException(
            "%d rows in tasks of %d on executors of %d cores"
                .formatted(rows, rowsPerTask, coresPerExecutor));
      }
    }

    /** How many tasks that is. */
    public long tasks() {
      return ceiling(rows, rowsPerTask);
    }

    long largest() {
      return ceiling(rows, tasks());
    }
  }

  /**
   * On so many cores.
   *
   * @param rowsPerSecond of one core, if it is known
   */
  public static TeachShape on(Work work, long cores, OptionalDouble rowsPerSecond) {
    long used = Math.min(cores, work.tasks());
    OptionalDouble seconds =
        rowsPerSecond.isPresent()
            ? OptionalDouble.of(
                ceiling(work.tasks(), used) * (work.largest() / rowsPerSecond.getAsDouble()))
            : OptionalDouble.empty();
    int each = (int) Math.min(used, work.coresPerExecutor());
    return new TeachShape(work.tasks(), work.largest(), used, ceiling(used, each), each, seconds);
  }

  /**
   * With the fewest cores that are done within a time. Where one task alone takes longer, tasks are
   * made smaller: {@link #rowsPerTask} is then what {@code signals.rows-per-task} must become.
   *
   * @param seconds positive
   * @param rowsPerSecond of one core
   */
  public static TeachShape within(Work work, double seconds, double rowsPerSecond) {
    double task = work.largest() / rowsPerSecond;
    if (task > seconds) {
      int smaller = (int) Math.max(1, Math.floor(seconds * rowsPerSecond));
      Work finer = new Work(work.rows(), smaller, work.coresPerExecutor());
      return on(finer, finer.tasks(), OptionalDouble.of(rowsPerSecond));
    }
    long rounds = (long) Math.floor(seconds / task);
    return on(work, ceiling(work.tasks(), rounds), OptionalDouble.of(rowsPerSecond));
  }

  private static long ceiling(long dividend, long divisor) {
    return (dividend + divisor - 1) / divisor;
  }
}
