package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.Slice;
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
   * @throws io.lakestill.error.LakestillException (exit 5) when another run commits for two
   *     minutes, (exit 75) when another run has meanwhile chosen other projectors
   */
  SignalManifest put(SignalManifest alone, Optional<SignalManifest> seen, Runnable still) {
    Slice slice = alone.slices().get(0);
    return change(
            still,
            current -> {
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

  private void beginAnew(SignalManifest old, SignalManifest alone, Optional<SignalManifest> seen) {
    boolean sameBasis = old.basis().isPresent() && old.basis().equals(alone.basis());
    boolean sameSignals = old.signals().equals(alone.signals());
    if (sameBasis
        && !sameSignals
        && !seen.map(SignalManifest::signals).equals(Optional.of(old.signals()))) {
      throw Errors.otherProjectors(table.root().toString(), old.version());
    }
    Optional<String> date = alone.slices().get(0).date();
    long left = old.dates().stream().filter(other -> !Optional.of(other).equals(date)).count();
    if (left > 0) {
      leases
          .console()
          .line(
              ("  begins anew with %s, since teacher, codecs or preprocessing are not those of"
                      + " version %d; of its dates %d are left to teach, and a training that needs"
                      + " them is refused until they are")
                  .formatted(date.orElse("a table without dates"), old.version(), left));
    }
  }

  /**
   * Takes the slice of a date out of the list.
   *
   * @return the version that is current now; empty when there was none
   */
  Optional<SignalManifest> drop(String date, Runnable still) {
    Optional<String> gone = Optional.of(date);
    return change(
        still,
        current ->
            current
                .filter(version -> version.slice(gone).isPresent())
                .map(
                    version ->
                        next(
                            version,
                            version.slices().stream()
                                .filter(slice -> !slice.date().equals(gone))
                                .toList(),
                            1)));
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
            removeUnread(current.map(SignalManifest::version).orElse(0));
            table.write(version);
            still.run();
            lease.requireHeld();
            table.pointTo(version.version());
          });
      return next;
    }
  }

  /**
   * Manifests of commits that died before the pointer moved: nobody has read them, and behind the
   * next version they would pass for versions that somebody has.
   */
  private void removeUnread(int current) {
    for (int version : table.versions()) {
      if (version > current) {
        Path manifest = table.manifestPath(version);
        try {
          manifest.getFileSystem(table.configuration()).delete(manifest, false);
        } catch (IOException e) {
          throw StorageFaults.failed("'%s' cannot be removed".formatted(manifest), e);
        }
      }
    }
  }

  /**
   * @param least the least number it can have
   */
  private SignalManifest next(SignalManifest kind, List<Slice> slices, int least) {
    int last = table.versions().stream().mapToInt(version -> version).max().orElse(0);
    return kind.next(
        Math.max(least, last + 1),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        leases.runId(),
        slices);
  }
}
