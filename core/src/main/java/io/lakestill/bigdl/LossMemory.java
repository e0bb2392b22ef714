package io.lakestill.bigdl;

import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.CheckpointManifest.ParameterFile;
import java.util.List;

/** What a loss remembers at the end of a training, where it lies: with the executors' rows. */
public interface LossMemory {
  /**
   * Each executor writes what its workers remember; nothing of it passes through the driver. No
   * reader sees the files before a manifest names them.
   *
   * @param folder on a file system that executors share
   * @return a file of each worker; none when the loss remembers nothing
   * @throws io.lakestill.error.LakestillException (exit 75) when a worker's memory was lost
   */
  List<ParameterFile> store(CheckpointFolder folder);
}
