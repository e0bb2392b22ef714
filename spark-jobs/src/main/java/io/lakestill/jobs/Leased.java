package io.lakestill.jobs;

import io.lakestill.export.Model;
import io.lakestill.signal.SignalTable;
import org.apache.hadoop.fs.Path;

/**
 * What one run at a time may have.
 *
 * @param file its lease
 * @param name in messages
 * @param otherwise what to do when another run has it, instead of waiting; begins with a comma
 */
record Leased(Path file, String name, String otherwise) {
  /** What the name of a date's lease begins with, before the date. */
  static final String DATE = "dt=";

  static final String COMMIT = "commit";

  /** All that lies below an output folder. */
  static Leased output(OutputFolder output) {
    return new Leased(
        new Path(output.root(), RunLease.FILE),
        "Output '%s'".formatted(output.root()),
        ", or give another --output");
  }

  /** The output folder that a table lies in, as a run takes it that writes all of the table. */
  static Leased whole(SignalTable table) {
    Path above = table.root().getParent();
    boolean inOutput = above != null && above.getName().equals(OutputFolder.SIGNALS);
    return output(new OutputFolder(inOutput ? above.getParent() : table.root()));
  }

  /** The slice of a date, and what is being written for it. */
  static Leased date(SignalTable table, String date) {
    return new Leased(
        new Path(table.leases(), DATE + date),
        "Date %s of signal table '%s'".formatted(date, table.root()),
        ", or teach other dates meanwhile");
  }

  /** A model of a catalogue: its versions, and which of them serves. */
  static Leased model(Model model) {
    return new Leased(
        model.lease(), "Model '%s'".formatted(model.folder()), ", or give another --model");
  }

  /** The instant in which the list of slices is read and replaced. */
  static Leased commit(SignalTable table) {
    return new Leased(
        new Path(table.leases(), COMMIT),
        "The list of slices of signal table '%s'".formatted(table.root()),
        " and start again: what this run made is not in the list, and is made again");
  }
}
