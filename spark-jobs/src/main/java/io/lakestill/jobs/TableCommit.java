package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.Slice;
import io.lakestill.signal.projection.ProjectorFile;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.hadoop.fs.Path;

/**
 * Makes new versions of a signal table out of the current one, one run at a time: what several runs
 * do to different slices in the same minute is all there at the end, in whatever order they end.
 *
 * @param table the table
 * @param leases of the run that commits
 */
record TableCommit(SignalTable table, TableLeases leases) {

  /**
   * Puts a slice into the list, in the place of the one of its date.
   *
   * @param alone a version of that slice alone
   * @param seen the version that was current when the work on it began
   * @param still refuses when the run has lost the date meanwhile
   * @return the version that is current now
   * @throws io.lakestill.error.LakestillException (exit 5) when another run commits for ten
   *     minutes, (exit 75) when another run has meanwhile chosen other projectors, or begun anew
   *     with another basis, or a projector is gone
   */
  SignalManifest put(SignalManifest alone, Optional<SignalManifest> seen, Runnable still) {
    Slice slice = alone.slices().get(0);
    return change(
            still,
            current -> {
              requireProjectors(alone);
              List<Slice> slices =
                  new ArrayList<>(current.map(c -> kept(c, alone)).orElse(List.of()));
              if (slices.isEmpty()) {
                current.ifPresent(old -> beginAnew(old, alone, seen));
              }
              slices.add(slice);
              return Optional.of(next(alone, slices, slice.number()));
            })
        .orElseThrow();
  }

  /** The other slices of a version, when they fit beside that one; none otherwise. */
  private static List<Slice> kept(SignalManifest current, SignalManifest alone) {
    Slice slice = alone.slices().get(0);
    boolean fit =
        slice.date().isPresent()
            && current.basis().isPresent()
            && current.basis().equals(alone.basis())
            && current.signals().equals(alone.signals());
    return fit
        ? current.slices().stream()
            .filter(other -> other.date().isPresent() && !other.date().equals(slice.date()))
            .toList()
        : List.of();
  }

  /**
   * Refuses what {@link #put} would, for who has to do something irrevocable before. Whoever calls
   * this has the lease of commits.
   */
  void requireMayBegin(SignalManifest alone, Optional<SignalManifest> seen) {
    table
        .current()
        .filter(current -> kept(current, alone).isEmpty())
        .ifPresent(old -> requireSeen(old, alone, seen));
  }

  private static boolean sameBasis(SignalManifest old, SignalManifest alone) {
    return old.basis().isPresent() && old.basis().equals(alone.basis());
  }

  private void requireSeen(
      SignalManifest old, SignalManifest alone, Optional<SignalManifest> seen) {
    boolean sameBasis = sameBasis(old, alone);
    boolean sameSignals = old.signals().equals(alone.signals());
    boolean seenSo =
        seen.filter(
                then -> then.basis().equals(old.basis()) && then.signals().equals(old.signals()))
            .isPresent();
    if (sameBasis && !sameSignals && !seenSo) {
      throw Errors.otherProjectors(table.root().toString(), old.version());
    }
    if (!sameBasis && !seenSo) {
      throw Errors.overtaken(
          ("Another run has meanwhile committed version %d of signal table '%s' with another"
                  + " teacher, codecs or preprocessing; nothing of this run was kept, since its"
                  + " dates would be discarded unseen. Make sure that all runs have the same"
                  + " recipe, and start again.")
              .formatted(old.version(), table.root()));
    }
  }

  private void beginAnew(SignalManifest old, SignalManifest alone, Optional<SignalManifest> seen) {
    requireSeen(old, alone, seen);
    Optional<String> date = alone.slices().get(0).date();
    long left = old.dates().stream().filter(other -> !Optional.of(other).equals(date)).count();
    if (left > 0) {
      leases
          .console()
          .line(
              ("  begins anew with %s, since %s not those of version %d; of its dates %d are left"
                      + " to teach, and a training that needs them is refused until they are")
                  .formatted(
                      date.orElse("a table without dates"),
                      sameBasis(old, alone)
                          ? "a projector was lost or damaged, and those made instead are"
                          : "teacher, codecs or preprocessing are",
                      old.version(),
                      left));
    }
  }

  /**
   * Takes a slice out of the list.
   *
   * @return the version that is current now; empty when the current one has no such slice any more
   */
  Optional<SignalManifest> drop(Slice gone, Runnable still) {
    return change(
        still,
        current ->
            current
                .filter(version -> version.slices().contains(gone))
                .map(
                    version ->
                        next(
                            version,
                            version.slices().stream().filter(slice -> !slice.equals(gone)).toList(),
                            0)));
  }

  /**
   * Puts a slice in the place of one that says the same.
   *
   * @return the version that is current now; empty when the current one has no such slice any more
   */
  Optional<SignalManifest> replace(Slice old, Slice with, Runnable still) {
    return change(
        still,
        current ->
            current
                .filter(version -> version.slices().contains(old))
                .map(
                    version ->
                        next(
                            version,
                            version.slices().stream()
                                .map(slice -> slice.equals(old) ? with : slice)
                                .toList(),
                            with.number())));
  }

  /** Nothing is committed when the change is empty. */
  private Optional<SignalManifest> change(
      Runnable still, Function<Optional<SignalManifest>, Optional<SignalManifest>> change) {
    try (RunLease lease = leases.commit()) {
      Optional<SignalManifest> current = table.current();
      Optional<SignalManifest> next = change.apply(current);
      next.ifPresent(
          version -> {
            still.run();
            current.ifPresent(last -> table.numbers().settle(last.version()));
            table.numbers().neverCurrent().forEach(this::remove);
            table.write(version);
            try {
              still.run();
              lease.requireHeld();
            } catch (LakestillException e) {
              remove(version.version());
              throw e;
            }
            lease.whileHeld(() -> table.pointTo(version.version()));
            table.numbers().settle(version.version());
          });
      return next;
    }
  }

  /** gc may have met one between its making and now. */
  private void requireProjectors(SignalManifest version) {
    for (String sha256 : version.projectors()) {
      ProjectorFile projector = table.projector(sha256);
      projector
          .fault()
          .ifPresent(
              fault -> {
                throw Errors.overtaken(
                    "Projector '%s' %s; nothing of this run was kept. Start again."
                        .formatted(projector.path(), fault));
              });
    }
  }

  /** A manifest that nobody has read: this run's own, or of a run that died. */
  private void remove(int version) {
    Path manifest = table.manifestPath(version);
    try {
      manifest.getFileSystem(table.configuration()).delete(manifest, false);
    } catch (IOException e) {
      throw StorageFaults.failed("'%s' cannot be removed".formatted(manifest), e);
    }
  }

  /**
   * @param claimed the number that this run has for its slice; taken when no version is above it
   */
  private SignalManifest next(SignalManifest kind, List<Slice> slices, int claimed) {
    int last = table.versions().stream().mapToInt(version -> version).max().orElse(0);
    return kind.next(
        claimed > last ? claimed : table.numbers().claim(),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        leases.runId(),
        slices);
  }
}
