package io.lakestill.export;

import io.lakestill.train.TrainingEnvironment;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Where a bundle comes from.
 *
 * @param recipe the resolved recipe, rendered
 * @param signalTables what it learned from, one per teacher; none when it learned from labels alone
 * @param seed the seed of its training
 * @param bestEpoch the epoch whose parameters were kept, counted from 1
 * @param environment on what it was trained; empty in bundles of versions that did not say
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
    Optional<TrainingEnvironment> environment,
    String fingerprint,
    String codeVersion,
    Instant created) {
  /**
   * One version of a signal table.
   *
   * @param path the folder of the table
   * @param version counted from 1
   * @param fingerprint of what was read of that version
   * @param dates of the slices that were read, in order; none of a table without dates
   * @param unused examples with signals there that the model did not learn from; empty in bundles
   *     of versions that did not count them
   */
  public record SignalTableVersion(
      String path, long version, String fingerprint, List<String> dates, OptionalLong unused) {
    public SignalTableVersion {
      dates = List.copyOf(dates);
    }

    /** Of a table without dates, whose unused examples were not counted. */
    public SignalTableVersion(String path, long version, String fingerprint) {
      this(path, version, fingerprint, List.of(), OptionalLong.empty());
    }
  }

  public BundleProvenance {
    signalTables = List.copyOf(signalTables);
    if (bestEpoch < 1) {
      throw new IllegalArgumentException("best epoch must be at least 1, is " + bestEpoch);
    }
  }
}
