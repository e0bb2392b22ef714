package io.lakestill.jobs;

import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.Slice;
import java.util.List;
import java.util.Optional;

/** Rows stay in the files that tasks wrote; those of older versions stay beside them. */
record FileSlices(SignalTable table) implements SliceStore {
  @Override
  public void requireThere(SignalManifest version, Slice slice) {
    table.checkFiles(slice);
  }

  @Override
  public SignalManifest place(
      SignalManifest staged,
      Optional<SignalManifest> seen,
      TeachIncrement increment,
      Runnable still) {
    Slice slice = staged.slices().get(0);
    Slice placed =
        new Slice(
            slice.date(),
            slice.number(),
            slice.runId(),
            slice.fingerprint(),
            slice.inputs(),
            increment.files(slice.files()),
            slice.quarantine(),
            increment.tombstones(slice.tombstones()),
            increment.allDeadRows());
    table.checkFiles(placed);
    still.run();
    table.removeLeftovers(placed);
    return staged.next(staged.version(), staged.created(), staged.runId(), List.of(placed));
  }

  /** Nothing was taken from anywhere. */
  @Override
  public void clear(Slice slice) {}

  /** What no version names is rubbish for a collector. */
  @Override
  public void drop(SignalManifest version, Slice slice) {}
}
