package io.lakestill.jobs;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.signal.SignalTable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The leases of a signal table: of its dates, each for as long as one run works on it, and of the
 * list of its slices, for an instant.
 *
 * @param runId the run that takes them
 * @param console hears of takeovers
 */
record TableLeases(SignalTable table, String runId, Console console) {
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /**
   * @throws LakestillException (exit 5) when a living run works on that date
   */
  RunLease date(String date) {
    return RunLease.take(Leased.date(table, date), runId, table.configuration(), console);
  }

  /**
   * What a run holds that writes a slice: its date; of a table without dates the output folder.
   *
   * @throws LakestillException (exit 5) when a living run holds it
   */
  RunLease slice(Optional<String> date) {
    return date.isPresent()
        ? date(date.get())
        : RunLease.take(Leased.whole(table), runId, table.configuration(), console);
  }

  /**
   * Waits for the runs that commit just now.
   *
   * @throws LakestillException (exit 5) when one does not end within ten minutes
   */
  RunLease commit() {
    return RunLease.await(Leased.commit(table), runId, table.configuration(), console, PATIENCE);
  }

  /** The names of the leases that living runs have. */
  Set<String> living() {
    Set<String> living = new TreeSet<>();
    for (String name : names()) {
      if (RunLease.isTaken(of(name), table.configuration())) {
        living.add(name);
      }
    }
    return living;
  }

  /** Removes the leases that dead runs left, and what those left beside them. */
  void removeDead() {
    sweep(Leased.commit(table).file());
    sweep(Leased.whole(table).file());
    Set<String> living = living();
    for (String name : names()) {
      if (!living.contains(name)) {
        try {
          // By a takeover, which no other run can take part in.
          RunLease.take(of(name), runId, table.configuration(), console).close();
        } catch (LakestillException e) {
          if (e.exitCode() != ExitCode.HELD) {
            throw e;
          }
        }
      }
    }
  }

  private void sweep(Path lease) {
    try {
      LeaseFile.of(lease, table.configuration()).sweep(RunLease.EXPIRY);
    } catch (IOException e) {
      throw StorageFaults.worded("'%s' cannot be listed".formatted(lease.getParent()), e);
    }
  }

  private Leased of(String name) {
    return name.startsWith(Leased.DATE)
        ? Leased.date(table, name.substring(Leased.DATE.length()))
        : Leased.commit(table);
  }

  private List<String> names() {
    List<String> names = new ArrayList<>();
    try {
      FileSystem files = table.leases().getFileSystem(table.configuration());
      for (FileStatus status : files.listStatus(table.leases())) {
        String name = status.getPath().getName();
        if (name.startsWith(Leased.DATE) || name.equals(Leased.COMMIT)) {
          names.add(name);
        }
      }
    } catch (FileNotFoundException e) {
      return List.of();
    } catch (IOException e) {
      throw StorageFaults.worded("'%s' cannot be listed".formatted(table.leases()), e);
    }
    return names;
  }
}
