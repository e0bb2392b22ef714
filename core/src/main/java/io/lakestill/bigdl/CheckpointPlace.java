package io.lakestill.bigdl;

import io.lakestill.train.CheckpointFolder;
import java.io.Serializable;
import org.apache.hadoop.fs.Path;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A folder of checkpoints as executors find it.
 *
 * @param path on a file system that they share
 * @param hadoop the configuration that knows it
 */
record CheckpointPlace(String path, SerializableConfiguration hadoop) implements Serializable {
  private static final long serialVersionUID = 1L;

  static CheckpointPlace of(CheckpointFolder folder) {
    return new CheckpointPlace(
        folder.path().toString(), new SerializableConfiguration(folder.configuration()));
  }

  CheckpointFolder folder() {
    return new CheckpointFolder(new Path(path), hadoop.value());
  }
}
