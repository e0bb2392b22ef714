package io.lakestill.export;

import java.time.Instant;
import java.util.List;

/**
 * Where a bundle comes from.
 *
 * @param recipe the resolved recipe, rendered
 * @param signalTables what it learned from, one per teacher; none when it learned from labels alone
 * @param seed the seed of its training
 * @param bestEpoch the epoch whose parameters were kept, counted from 1
 * @param fingerprint SHA-256 over everything it depends on; a run that would write the same
 *     fingerprint has nothing to do
 * @param codeVersion the version of Lakestill that wrote it
 * @param created when
 */
public record BundleProvenance(
    String recipe,
    List<SignalTableVersion> signalTables,
    long seed,
    int bestEpoch,
    String fingerprint,
    String codeVersion,
    Instant created) {
  /**
   * One version of a signal table.
   *
   * @param path the folder of the table
   * @param version counted from 1
   * @param fingerprint of that version, as in its manifest
   */
  public record SignalTableVersion(String path, long version, String fingerprint) {}

  public BundleProvenance {
    signalTables = List.copyOf(signalTables);
    if (bestEpoch < 1) {
      throw new IllegalArgumentException("best epoch must be at least 1, is " + bestEpoch);
    }
  }
}
