package io.lakestill.report.plan;

/**
 * How a training is laid out over a cluster: executors that stay, all of which take part in every
 * step, so that the batch must divide by their cores.
 *
 * @param executors fixed
 * @param coresPerExecutor replicas of the model on each
 * @param rowsPerCore rows of a step that each replica sees
 */
public record TrainShape(int executors, int coresPerExecutor, int rowsPerCore) {

  /**
   * The most cores that can share a batch evenly: full executors first, then one executor of fewer
   * cores. There is always one: a single core.
   *
   * @param batch rows of a step over all cores, at least 1
   * @param cores that there are, at least 1
   * @param coresPerExecutor as the cluster gives them
   */
  public static TrainShape of(int batch, long cores, int coresPerExecutor) {
    for (long executors = cores / coresPerExecutor; executors >= 1; executors--) {
      if (batch % (executors * coresPerExecutor) == 0) {
        return shape(batch, (int) executors, coresPerExecutor);
      }
    }
    for (int few = (int) Math.min(cores, coresPerExecutor); few > 1; few--) {
      if (batch % few == 0) {
        return shape(batch, 1, few);
      }
    }
    return shape(batch, 1, 1);
  }

  private static TrainShape shape(int batch, int executors, int coresPerExecutor) {
    return new TrainShape(executors, coresPerExecutor, batch / (executors * coresPerExecutor));
  }

  public int cores() {
    return executors * coresPerExecutor;
  }
}
