package io.lakestill.bigdl;

import io.lakestill.train.CheckpointManifest.ParameterFile;
import io.lakestill.train.Epoch;
import io.lakestill.train.EpochBook;
import io.lakestill.train.TrainingHistory;
import java.io.Serializable;
import java.util.List;

/**
 * Where nodes go on from.
 *
 * @param place of the files
 * @param step after which they were stored
 * @param state of the weights
 * @param memory of each worker
 * @param epochs that had ended
 * @param open what the epoch that had begun gave
 */
record RestorePoint(
    CheckpointPlace place,
    int step,
    ParameterFile state,
    List<ParameterFile> memory,
    List<Epoch> epochs,
    EpochBook.Open open)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  TrainingHistory history() {
    return new TrainingHistory(epochs);
  }
}
