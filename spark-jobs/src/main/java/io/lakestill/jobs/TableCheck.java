package io.lakestill.jobs;

import io.lakestill.bigdl.JobNames;
import io.lakestill.error.Errors;
import io.lakestill.io.Json;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.TableFile;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Compares the rows and files of a version of a signal table with its manifest, on the executors.
 *
 * @param version where it is, and what it should be
 */
record TableCheck(SignalVersion version) {
  private static final int FILES_PER_TASK = 4;
  private static final int SHOWN = 5;

  /** How closely a file is looked at. */
  enum Depth {
    /** Size, rows and columns. */
    FOOTERS,
    /** All of that, and every byte. */
    BYTES
  }

  private SignalTable table() {
    return version.table();
  }

  private SignalManifest manifest() {
    return version.manifest();
  }

  /**
   * What is wrong, a line per file with its name and what to do, those in the manifest first; empty
   * when nothing is.
   */
  List<String> faults(SparkSession spark, Depth depth, ProgressListener listener) {
    List<String> extra =
        table().extraFiles(manifest()).stream()
            .map(
                file ->
                    "File '%s' is in no manifest; remove it, or run bin/lakestill gc --table %s."
                        .formatted(file, table().root()))
            .toList();
    return Stream.of(
            version.stored().faults(spark, depth), faultsOfNamed(spark, depth, listener), extra)
        .flatMap(List::stream)
        .toList();
  }

  /** What is wrong with the projectors, which only who adds rows to the table needs. */
  List<String> projectorFaults() {
    return manifest().projectors().stream()
        .map(table()::projector)
        .flatMap(file -> file.fault().stream().map(file::refusal))
        .toList();
  }

  private List<String> faultsOfNamed(SparkSession spark, Depth depth, ProgressListener listener) {
    int files = table().files(manifest()).size();
    if (files == 0) {
      return List.of();
    }
    long rows = table().files(manifest()).stream().mapToLong(file -> file.expected().rows()).sum();
    String stage = "check " + table().root().getName();
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    new JobNames(context.sc())
        .now(
            "check %d files of %s, version %d"
                .formatted(files, table().root().getName(), manifest().version()));
    int tasks = Math.max(1, files / FILES_PER_TASK);
    try (RowProgress progress = new RowProgress(spark.sparkContext(), stage, rows, listener)) {
      return context
          .parallelize(IntStream.range(0, files).boxed().toList(), tasks)
          .mapPartitions(
              new Task(
                  table().root().toString(),
                  Json.line(manifest().toJson()),
                  depth,
                  new SerializableConfiguration(table().configuration()),
                  progress.rows()))
          .collect();
    }
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) naming the first five files that are not
   *     what the manifest says, with what to do
   */
  void requireSound(SparkSession spark, Depth depth, ProgressListener listener) {
    List<String> faults = faults(spark, depth, listener);
    if (!faults.isEmpty()) {
      throw Errors.badInput(refusal(faults));
    }
  }

  /** One message for all faults. */
  String refusal(List<String> faults) {
    String more = faults.size() > SHOWN ? "%n  - and %d more".formatted(faults.size() - SHOWN) : "";
    return "Version %d of signal table '%s' has %d %s:%n  - %s%s"
        .formatted(
            manifest().version(),
            table().root(),
            faults.size(),
            faults.size() == 1 ? "fault" : "faults",
            String.join("%n  - ".formatted(), faults.subList(0, Math.min(SHOWN, faults.size()))),
            more);
  }

  /** Looks at some of the files; the manifest travels as its JSON. */
  private record Task(
      String root,
      String manifestJson,
      Depth depth,
      SerializableConfiguration hadoop,
      LongAccumulator rows)
      implements FlatMapFunction<Iterator<Integer>, String>, Serializable {
    @Override
    public Iterator<String> call(Iterator<Integer> indexes) {
      Configuration configuration = hadoop.value();
      SignalManifest manifest = SignalManifest.fromJson(Json.parse(manifestJson, root), root);
      List<TableFile> files = new SignalTable(new Path(root), configuration).files(manifest);
      List<String> faults = new ArrayList<>();
      while (indexes.hasNext()) {
        TableFile file = files.get(indexes.next());
        Optional<String> fault =
            switch (depth) {
              case FOOTERS -> file.footerFault(manifest, configuration);
              case BYTES -> file.fault(manifest, configuration);
            };
        fault.map(file::refusal).ifPresent(faults::add);
        rows.add(file.expected().rows());
      }
      return faults.iterator();
    }
  }
}
