package io.lakestill.jobs;

import io.lakestill.recipe.Recipe;
import io.lakestill.signal.RowStore;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.Slice;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/** Where the rows of the slices that a run makes are put. */
sealed interface SliceStore permits FileSlices, FormatSlices {
  /**
   * Of a teacher of a recipe.
   *
   * @throws io.lakestill.error.LakestillException (exit 2) when the session lacks what the format
   *     needs, (exit 3) when there is a table of that name that is not this signal table's
   */
  static SliceStore of(SparkSession spark, Recipe recipe, String teacher, TableCommit commit) {
    return rowStore(recipe, teacher)
        .<SliceStore>map(store -> FormatSlices.of(spark, store, commit))
        .orElseGet(() -> new FileSlices(commit.table()));
  }

  /**
   * The same for who does not write yet.
   *
   * @param table the signal table
   */
  static void requireUsable(SparkSession spark, Recipe recipe, String teacher, SignalTable table) {
    rowStore(recipe, teacher)
        .ifPresent(store -> FormatTable.of(spark, store).requireOurs(FormatSlices.root(table)));
  }

  /** The table of another format that a recipe wants for a teacher. */
  static Optional<RowStore> rowStore(Recipe recipe, String teacher) {
    return recipe
        .signals()
        .store()
        .table(teacher)
        .map(name -> new RowStore(recipe.signals().store().format(), name));
  }

  /**
   * Rows are read for that only where somebody else has written to them since.
   *
   * @throws io.lakestill.error.LakestillException when not all of what a slice of a version says is
   *     there
   */
  void requireThere(SignalManifest version, Slice slice);

  /**
   * Puts what was written where readers will look for it.
   *
   * @param staged a version of one slice whose files hold what is new, and whose tombstones what is
   *     dead of the base
   * @param seen the version that was current when the work on it began
   * @param increment what else the slice has
   * @param still refuses when the run has lost what it holds
   * @return the version to commit
   */
  SignalManifest place(
      SignalManifest staged,
      Optional<SignalManifest> seen,
      TeachIncrement increment,
      Runnable still);

  /** Clears away what {@link #place} took from, once the version is current. */
  void clear(Slice slice);

  /** Takes the rows of a slice of a version away that the next version does not have. */
  void drop(SignalManifest version, Slice slice);
}
