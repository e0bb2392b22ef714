package io.lakestill.jobs;

import io.lakestill.io.Meter;
import io.lakestill.signal.QuarantineRow;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalFileWriter;
import io.lakestill.signal.SignalRow;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.projection.Projector;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Where a task puts what a teacher says: what the signal table can keep into its file, the rest
 * into quarantine, each with its reason.
 */
final class SignalSink {
  private static final int SHOWN = 5;

  private final SignalSchema said;
  private final StoredSignals stored;
  private final long quarantineLimit;
  private final SignalFileWriter writer;
  private final List<String> examples = new ArrayList<>();
  private final float[][] narrowed;
  private long quarantined;

  /**
   * @param said what the teacher says
   * @param stored the columns of the signal file
   * @param quarantineLimit rows that may go to quarantine, over all tasks
   * @param writer of the files; the caller closes it
   */
  SignalSink(
      SignalSchema said, StoredSignals stored, long quarantineLimit, SignalFileWriter writer) {
    this.said = said;
    this.stored = stored;
    this.quarantineLimit = quarantineLimit;
    this.writer = writer;
    this.narrowed = new float[said.signals().size()][0];
  }

  /**
   * Keeps a row, or puts it into quarantine when one of its numbers cannot be kept.
   *
   * @param row what the teacher says of it
   */
  void write(SignalRow row) throws IOException {
    Optional<String> fault = notFinite(row);
    if (fault.isEmpty()) {
      SignalRow kept = narrowed(row);
      fault = overflown(kept).or(() -> notHeld(kept));
      if (fault.isEmpty()) {
        writer.write(kept);
        Meter.TASK_ROWS.add(1);
        return;
      }
    }
    quarantine(row.sampleId(), row.viewId(), fault.get());
  }

  /** The row as it is stored, in arrays that the next batch will use again. */
  private SignalRow narrowed(SignalRow row) {
    if (stored.projectors().isEmpty()) {
      return row;
    }
    for (int k = 0; k < narrowed.length; k++) {
      Projector projector = stored.projectors().get(said.signals().get(k).name());
      float[] values = row.signals()[k];
      if (projector == null) {
        narrowed[k] = values;
        continue;
      }
      int size = values.length / projector.from() * projector.to();
      if (narrowed[k].length < size) {
        narrowed[k] = new float[size];
      }
      projector.apply(
          values, row.index() * projector.from(), narrowed[k], row.index() * projector.to());
    }
    return new SignalRow(
        row.sampleId(),
        row.viewId(),
        row.contentHash(),
        row.teacherContentHash(),
        row.label(),
        narrowed,
        row.index());
  }

  void quarantine(String sampleId, int view, String reason) throws IOException {
    writer.quarantine(new QuarantineRow(sampleId, view, reason));
    quarantined++;
    Meter.TASK_QUARANTINED.add(1);
    if (examples.size() < SHOWN) {
      examples.add("%s (view %d): %s".formatted(ShownKey.of(sampleId), view, reason));
    }
  }

  /** One task alone can use up the budget of all; going on would only cost time. */
  boolean overBudget() {
    return quarantined > quarantineLimit;
  }

  /** Ends the files. */
  TeachOutcome finish() throws IOException {
    return new TeachOutcome(
        writer.finishSignals(), writer.finishQuarantine(), List.copyOf(examples), overBudget());
  }

  /** What the teacher said that is no number. */
  private Optional<String> notFinite(SignalRow row) {
    for (int k = 0; k < row.signals().length; k++) {
      SignalColumn column = said.signals().get(k);
      OptionalInt place = notFinite(row, k, column.width());
      if (place.isPresent()) {
        return Optional.of(
            "the teacher's %s has value %s at %d"
                .formatted(
                    column.name(),
                    row.signals()[k][row.index() * column.width() + place.getAsInt()],
                    place.getAsInt()));
      }
    }
    return Optional.empty();
  }

  /** What is a number no more since it was projected. */
  private Optional<String> overflown(SignalRow row) {
    for (int k = 0; !stored.projectors().isEmpty() && k < row.signals().length; k++) {
      SignalColumn column = stored.schema().signals().get(k);
      if (column.projection().isPresent() && notFinite(row, k, column.width()).isPresent()) {
        return Optional.of(
            "the teacher's %s is too large to be projected; remove signals.project.%s"
                .formatted(column.name(), column.name()));
      }
    }
    return Optional.empty();
  }

  private static OptionalInt notFinite(SignalRow row, int signal, int width) {
    for (int i = 0; i < width; i++) {
      if (!Float.isFinite(row.signals()[signal][row.index() * width + i])) {
        return OptionalInt.of(i);
      }
    }
    return OptionalInt.empty();
  }

  /** What the teacher said that the table cannot keep. */
  private Optional<String> notHeld(SignalRow row) {
    for (int k = 0; k < row.signals().length; k++) {
      SignalColumn column = stored.schema().signals().get(k);
      int offset = row.index() * column.width();
      OptionalInt place = column.codec().refused(row.signals()[k], offset, column.width());
      if (place.isPresent()) {
        return Optional.of(
            "the teacher's %s has value %s at %d, and %s; set signals.codecs.%s = dense32"
                .formatted(
                    column.name(),
                    row.signals()[k][offset + place.getAsInt()],
                    place.getAsInt(),
                    column.codec().limit(),
                    column.name()));
      }
    }
    return Optional.empty();
  }
}
