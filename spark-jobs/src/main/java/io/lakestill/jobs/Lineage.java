package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.bigdl.JobNames;
import io.lakestill.error.LakestillException;
import io.lakestill.export.BundleManifest;
import io.lakestill.export.BundleProvenance.SignalTableVersion;
import io.lakestill.io.Json;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.SignalTable;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Which students learned from which examples. The keys are looked up in the versions of signal
 * tables that a student's bundle names, in the slices that were read; each version is scanned once.
 */
final class Lineage {
  private final SparkSession spark;
  private final Set<String> samples;
  private final Map<SignalTableVersion, Looked> looked = new HashMap<>();

  /**
   * What a version of a signal table said.
   *
   * @param present the keys that have living rows there
   * @param gone why nobody can tell; empty when it could be told
   */
  private record Looked(Set<String> present, Optional<String> gone) {}

  /**
   * What is known of one student.
   *
   * @param seen by key
   * @param reasons why nobody can tell, where that is so
   */
  record Answer(Map<String, Seen> seen, List<String> reasons) {}

  /**
   * @param samples the keys that are asked for
   */
  Lineage(SparkSession spark, Collection<String> samples) {
    this.spark = spark;
    this.samples = Set.copyOf(samples);
  }

  /** Asks about one student. */
  Answer of(BundleManifest student) {
    List<SignalTableVersion> tables = student.provenance().signalTables();
    Map<String, Seen> seen = new HashMap<>();
    if (tables.isEmpty()) {
      samples.forEach(sample -> seen.put(sample, Seen.CANNOT_TELL));
      return new Answer(seen, List.of("it learned from labels alone, without a table of signals"));
    }
    for (String sample : samples) {
      // A training pairs with every table, so who is missing in one was not trained on.
      Seen all =
          tables.stream().map(table -> in(table, sample)).reduce(Lineage::together).orElseThrow();
      seen.put(sample, all);
    }
    return new Answer(
        seen, tables.stream().flatMap(table -> look(table).gone().stream()).distinct().toList());
  }

  private static Seen together(Seen one, Seen other) {
    for (Seen decides : List.of(Seen.DID_NOT_SEE, Seen.CANNOT_TELL, Seen.MAY_HAVE_SEEN)) {
      if (one == decides || other == decides) {
        return decides;
      }
    }
    return Seen.SAW;
  }

  private Seen in(SignalTableVersion table, String sample) {
    Looked found = look(table);
    if (found.gone().isPresent()) {
      return Seen.CANNOT_TELL;
    }
    if (!found.present().contains(sample)) {
      return Seen.DID_NOT_SEE;
    }
    boolean allUsed = table.unused().isPresent() && table.unused().getAsLong() == 0;
    return allUsed ? Seen.SAW : Seen.MAY_HAVE_SEEN;
  }

  private Looked look(SignalTableVersion table) {
    return looked.computeIfAbsent(table, this::lookedUp);
  }

  private Looked lookedUp(SignalTableVersion from) {
    Configuration configuration = spark.sessionState().newHadoopConf();
    SignalTable table = new SignalTable(new Path(from.path()), configuration);
    try {
      int number = Math.toIntExact(from.version());
      if (!table.versions().contains(number)) {
        return gone(from, "is gone; versions there: " + table.versions());
      }
      SignalManifest version = table.manifest(number);
      SignalManifest read =
          from.dates().isEmpty()
              ? version
              : version.only(slice -> slice.date().filter(from.dates()::contains).isPresent());
      // Bundles of before dates were written cannot be compared: they may have read some slices.
      boolean comparable = !from.dates().isEmpty() || version.dates().isEmpty();
      if (comparable && !read.fingerprint().equals(from.fingerprint())) {
        return gone(from, "is another one by now: the table was begun anew");
      }
      return new Looked(present(table, read), Optional.empty());
    } catch (LakestillException e) {
      return gone(from, "cannot be read: " + e.getMessage());
    }
  }

  private static Looked gone(SignalTableVersion from, String why) {
    return new Looked(
        Set.of(), Optional.of("version %d of '%s' %s".formatted(from.version(), from.path(), why)));
  }

  private Set<String> present(SignalTable table, SignalManifest read) {
    Set<String> present = new HashSet<>();
    if (read.rows() == 0) {
      return present;
    }
    table.checkFiles(read);
    new JobNames(spark.sparkContext()).now("look for keys in " + shown(table, read));
    Dataset<Row> rows = VersionRows.of(table, read).living(spark);
    rows.where(col(SignalSchema.SAMPLE_ID).isin(samples.toArray()))
        .select(SignalSchema.SAMPLE_ID)
        .distinct()
        .collectAsList()
        .forEach(row -> present.add(row.getString(0)));
    return present;
  }

  private static String shown(SignalTable table, SignalManifest read) {
    return "%s, version %d".formatted(table.root(), read.version());
  }

  /** For a person: {@code out/signals/big-net v7, 30 dates from 2026-10-05 to 2026-11-03}. */
  static String shown(SignalTableVersion table) {
    List<String> dates = table.dates();
    String which =
        switch (dates.size()) {
          case 0 -> "";
          case 1 -> ", " + dates.get(0);
          default ->
              ", %d dates from %s to %s"
                  .formatted(dates.size(), dates.get(0), dates.get(dates.size() - 1));
        };
    return table.path() + " v" + table.version() + which;
  }

  static ObjectNode json(SignalTableVersion table) {
    ObjectNode json =
        Json.object()
            .put("path", table.path())
            .put("version", table.version())
            .put("fingerprint", table.fingerprint());
    table.dates().forEach(json.putArray("dates")::add);
    return json;
  }
}
