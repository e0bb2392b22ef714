package io.lakestill.bigdl;

import io.lakestill.train.CheckpointManifest.ParameterFile;
import io.lakestill.train.Epoch;
import io.lakestill.train.EpochBook;
import io.lakestill.train.StepPhases;
import io.lakestill.train.TermReport;
import java.io.Serializable;
import java.util.List;

/** What a node says after a segment. */
sealed interface NodeReport extends Serializable {
  /** Its number. */
  int node();

  /**
   * The segment ended as it should, or with a loss that is lost.
   *
   * @param step the last that changed the weights
   * @param losses of the steps
   * @param stepNanos the time of all steps
   * @param epochs that ended in the segment
   * @param open what the epoch that has begun gave so far
   * @param state of the weights
   * @param firstStep what the terms of each core did at step 1; empty in other segments
   * @param phases of the steps
   * @param isOver whether no step is to come
   * @param stored what the segment asked to store
   * @param best the best epoch's student and heads as safetensors, of the first node when all is
   *     over; else none
   */
  record Done(
      int node,
      int step,
      List<Double> losses,
      long stepNanos,
      List<Epoch> epochs,
      EpochBook.Open open,
      State state,
      List<List<TermReport>> firstStep,
      StepPhases phases,
      boolean isOver,
      List<ParameterFile> stored,
      List<byte[]> best)
      implements NodeReport {
    private static final long serialVersionUID = 1L;
  }

  /**
   * How the weights are after a segment.
   *
   * @param hash which all nodes share
   * @param isFinite whether all numbers are
   * @param lost the loss of the step after, which is not finite; empty when all is well
   */
  record State(long hash, boolean isFinite, List<Double> lost) implements Serializable {
    private static final long serialVersionUID = 1L;
  }

  /**
   * The node could not do its part.
   *
   * @param cause why
   */
  record Failed(int node, RuntimeException cause) implements NodeReport {
    private static final long serialVersionUID = 1L;
  }
}
