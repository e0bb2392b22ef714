package io.lakestill.signal;

import java.util.List;
import org.apache.parquet.schema.MessageType;

/** What the files of a signal table hold. */
public enum Content {
  /** What the teacher said. */
  SIGNALS,
  /** Rows the teacher could say nothing about. */
  QUARANTINE,
  /** Keys whose older rows are dead. */
  TOMBSTONES;

  /** The files of a version that hold it. */
  public List<SignalFile> files(SignalManifest manifest) {
    return switch (this) {
      case SIGNALS -> manifest.files();
      case QUARANTINE -> manifest.quarantine();
      case TOMBSTONES -> manifest.tombstones();
    };
  }

  /** The columns of such a file. */
  MessageType schema(SignalManifest manifest) {
    return switch (this) {
      case SIGNALS -> manifest.schema().parquet();
      case QUARANTINE -> SignalSchema.quarantine();
      case TOMBSTONES -> SignalSchema.tombstone();
    };
  }
}
