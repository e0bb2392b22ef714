package io.lakestill.train.exchange;

/**
 * Adds what every node has computed at a step. All nodes call it with the same step and sizes, and
 * hold the same bits afterwards: values are added in the order of the nodes.
 */
public interface Exchange extends AutoCloseable {
  /** This node's number, from 0. */
  int rank();

  /** How many nodes there are. */
  int nodes();

  /**
   * Replaces values and scalars by their sums over all nodes.
   *
   * @param values in the precision of the exchange
   * @param scalars always in double precision
   * @param step counts from 1
   * @throws ExchangeFault when a node is gone or what it sent is not what is due; then the sums are
   *     not to be used
   */
  void sum(float[] values, double[] scalars, int step);

  /** The same with every value as it is, whatever the precision of the exchange. */
  void sumExactly(float[] values, double[] scalars, int step);

  @Override
  void close();

  /** Of a node without others: every sum is there already. */
  static Exchange alone() {
    return new Exchange() {
      @Override
      public int rank() {
        return 0;
      }

      @Override
      public int nodes() {
        return 1;
      }

      @Override
      public void sum(float[] values, double[] scalars, int step) {}

      @Override
      public void sumExactly(float[] values, double[] scalars, int step) {}

      @Override
      public void close() {}
    };
  }
}
