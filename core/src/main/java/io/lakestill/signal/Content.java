package io.lakestill.signal;

import java.util.List;
import java.util.Optional;
import org.apache.parquet.schema.MessageType;

/** What the files of a signal table hold. */
public enum Content {
  /** What the teacher said. */
  SIGNALS("v="),
  /** Rows the teacher could say nothing about. */
  QUARANTINE(SignalTable.METADATA + "/quarantine-v"),
  /** Keys whose older rows are dead. */
  TOMBSTONES(SignalTable.METADATA + "/tombstones-v");

  private final String folder;

  Content(String folder) {
    this.folder = folder;
  }

  /**
   * The folder of a slice's files, as a path below the table.
   *
   * @param number of the run that writes them
   * @param date of the slice, if the table has dates
   */
  public String folder(int number, Optional<String> date) {
    return folder + number + date.map(day -> "/dt=" + day).orElse("");
  }

  /** The files of a slice that hold it. */
  public List<SignalFile> files(Slice slice) {
    return switch (this) {
      case SIGNALS -> slice.files();
      case QUARANTINE -> slice.quarantine();
      case TOMBSTONES -> slice.tombstones();
    };
  }

  /** The files of a version that hold it. */
  public List<SignalFile> files(SignalManifest manifest) {
    return manifest.slices().stream().flatMap(slice -> files(slice).stream()).toList();
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
