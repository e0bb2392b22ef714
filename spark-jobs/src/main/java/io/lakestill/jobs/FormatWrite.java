package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.signal.RowSums;
import io.lakestill.signal.Slice;
import io.lakestill.signal.StoredRows;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One commit of one slice to a table of another format. Whoever makes it has the slice for itself;
 * commits of others to other slices may come first, and then it is tried again.
 *
 * @param table of the other format
 * @param generation of the table
 * @param slice what is written
 * @param checksum of its rows
 */
record FormatWrite(FormatTable table, String generation, Slice slice, RowChecksum checksum) {
  private static final Logger LOG = LoggerFactory.getLogger(FormatWrite.class);
  private static final int TRIES = 20;
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** Stands for the snapshot of no row, in a table that has none yet. */
  private static final String NO_SNAPSHOT = "none";

  /** Whether readers of the table see just these rows of the slice. */
  boolean isAtHead(StoredRows rows) {
    return generation.equals(rows.generation()) && atHead().equals(rows.sums());
  }

  private RowSums atHead() {
    Optional<String> head = table.head();
    try {
      return head.map(snapshot -> checksum.of(table.at(snapshot, slice.date())))
          .orElse(RowSums.NONE);
    } catch (Exception e) { // Spark's Scala throws checked exceptions that it does not declare.
      throw FormatFailures.unreadable(e)
          .<RuntimeException>map(
              reason ->
                  Errors.badInput("The %s cannot be read: %s".formatted(table.store(), reason), e))
          .orElseGet(() -> SparkFailures.worded(e, "teach"));
    }
  }

  /**
   * Adds rows to those that are there.
   *
   * @param added what they are
   * @param all what the slice is then
   */
  StoredRows append(Dataset<Row> rows, RowSums added, RowSums all) {
    return commit(mark -> table.append(rows, slice.date(), mark), added.rows(), all);
  }

  /**
   * Puts rows in the place of all that are there.
   *
   * @param newRows how many of them the teacher said now
   * @param all what they are
   */
  StoredRows replace(Dataset<Row> rows, long newRows, RowSums all) {
    if (all.rows() == 0 && atHead().rows() == 0) {
      return new StoredRows(generation, table.head().orElse(NO_SNAPSHOT), 0, RowSums.NONE);
    }
    return commit(mark -> table.overwrite(rows, slice.date(), mark), newRows, all);
  }

  private StoredRows commit(Consumer<String> write, long newRows, RowSums all) {
    String id = UUID.randomUUID().toString();
    CommitMark mark = new CommitMark(id, slice.runId(), slice.number(), slice.date(), all);
    String snapshot = committed(write, mark);
    RowSums there = checksum.of(table.at(snapshot, slice.date()));
    if (!there.equals(all)) {
      throw Errors.overtaken(
          ("Somebody else wrote to %s while this run did: after its commit (snapshot %s) there are"
                  + " %s where this run has %s. Readers of the signal table have the version"
                  + " before. Let nobody else write to that table, and start again.")
              .formatted(table.store(), snapshot, there, all));
    }
    return new StoredRows(generation, snapshot, newRows, all);
  }

  /** The snapshot of the commit, which may have happened even where the library says it failed. */
  private String committed(Consumer<String> write, CommitMark mark) {
    for (int attempt = 1; ; attempt++) {
      Optional<FormatFailures.Writing> failure = failure(write, mark.text());
      Optional<String> snapshot = snapshot(mark);
      if (snapshot.isPresent()) {
        return snapshot.get();
      }
      if (failure.isEmpty()) {
        throw new IllegalStateException(
            "%s says it committed %s, and its history lacks it".formatted(table.store(), mark));
      }
      Throwable cause = failure.get().getCause();
      if (attempt == TRIES || !table.dialect().isOvertaken(cause)) {
        throw worded(failure.get());
      }
      LOG.warn(
          "event=commit-again table={} attempt={} reason=\"{}\"",
          table.name(),
          attempt,
          FormatFailures.firstLine(cause));
      pause(attempt);
    }
  }

  private static Optional<FormatFailures.Writing> failure(Consumer<String> write, String mark) {
    try {
      write.accept(mark);
      return Optional.empty();
    } catch (FormatFailures.Writing e) {
      return Optional.of(e);
    }
  }

  private Optional<String> snapshot(CommitMark mark) {
    return table.commits().stream()
        .filter(commit -> commit.mark().id().equals(mark.id()))
        .map(FormatTable.Committed::snapshot)
        .findFirst();
  }

  private RuntimeException worded(FormatFailures.Writing failure) {
    RuntimeException worded = SparkFailures.worded((Exception) failure.getCause(), "teach");
    return worded instanceof LakestillException
        ? worded
        : Errors.storage("The rows could not be written to " + table.store(), failure.getCause());
  }

  private static void pause(int attempt) {
    long most = Math.min(LONGEST_PAUSE.toMillis(), 100L << attempt);
    try {
      Thread.sleep(ThreadLocalRandom.current().nextLong(most / 2, most));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted before a commit was tried again", e);
    }
  }
}
