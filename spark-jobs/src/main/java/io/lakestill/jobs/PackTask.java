package io.lakestill.jobs;

import io.lakestill.data.BadFeaturesException;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.data.RawFeatures;
import io.lakestill.jobs.PackReport.Finding;
import io.lakestill.objective.Requirements;
import io.lakestill.recipe.Encoding;
import io.lakestill.signal.codec.Codec;
import io.lakestill.train.PackedRow;
import io.lakestill.train.RowLayout;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;

/**
 * Turns joined rows into packed examples: the features of every view, decoded and normalised, and
 * the target of every view, its label and its signals. What cannot be paired goes into the report,
 * which the task gives last.
 *
 * <p>Rows: {@code sample_id, validation, label, raw}, and with signals {@code views}, a list of
 * what {@link SignalRows} says of each view. A row without {@code label} is an orphan.
 *
 * @param views of a training example; a validation example has one, itself
 * @param teachers the ids of those whose signals the rows carry; none when they carry no signals
 * @param codecs how the value of each signal slot is stored
 * @param kept what to take of each signal that is stored by {@code topk}
 * @param rowWeights the expressions that weigh rows
 */
record PackTask(
    FeaturePipeline features,
    Encoding encoding,
    int views,
    RowLayout targets,
    List<String> teachers,
    List<Codec> codecs,
    Map<String, KeptLogits> kept,
    Set<String> rowWeights)
    implements PairFlatMapFunction<Iterator<InternalRow>, RowKey, Packed> {
  private static final int SAMPLE_ID = 0;
  private static final int VALIDATION = 1;
  private static final int LABEL = 2;
  private static final int RAW = 3;
  private static final int VIEWS = 4;

  @Override
  public Iterator<Tuple2<RowKey, Packed>> call(Iterator<InternalRow> rows) {
    return new Packing(rows);
  }

  private final class Packing implements Iterator<Tuple2<RowKey, Packed>> {
    private final Iterator<InternalRow> rows;
    private final PackReport report = new PackReport();
    private Optional<Tuple2<RowKey, Packed>> next = Optional.empty();
    private boolean reported;

    Packing(Iterator<InternalRow> rows) {
      this.rows = rows;
    }

    @Override
    public boolean hasNext() {
      while (next.isEmpty() && rows.hasNext()) {
        next = pack(rows.next(), report);
      }
      if (next.isEmpty() && !reported) {
        reported = true;
        RowKey key = new RowKey(RowPartitioner.REPORTS, TaskContext.getPartitionId(), "report");
        next = Optional.of(new Tuple2<>(key, new Packed.Report(report)));
      }
      return next.isPresent();
    }

    @Override
    public Tuple2<RowKey, Packed> next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Tuple2<RowKey, Packed> row = next.orElseThrow();
      next = Optional.empty();
      return row;
    }
  }

  private Optional<Tuple2<RowKey, Packed>> pack(InternalRow row, PackReport report) {
    String id = row.getUTF8String(SAMPLE_ID).toString();
    if (row.isNullAt(LABEL)) {
      report.add(Finding.ORPHAN, id);
      return Optional.empty();
    }
    Split split = row.getBoolean(VALIDATION) ? Split.VALIDATION : Split.TRAIN;
    int seen = split == Split.TRAIN ? views : 1;
    float[] target = new float[seen * targets.width()];
    float[] values = new float[seen * features.width()];
    try {
      RawFeatures raw = RawCell.read(row, RAW, encoding);
      if (!teachers.isEmpty()) {
        Optional<SignalPairing.Fault> fault = pair(row, id, raw.contentHash(), seen, target);
        if (fault.isPresent()) {
          report.add(fault.get().finding(), fault.get().shown());
          return Optional.empty();
        }
      }
      for (int view = 0; view < seen; view++) {
        features.features(raw, id, view, values, view * features.width());
        target[view * targets.width() + targets.slot(Requirements.LABELS).offset()] =
            row.getInt(LABEL);
      }
    } catch (BadFeaturesException e) {
      report.add(Finding.BAD_FEATURES, id + " (" + e.getMessage() + ")");
      return Optional.empty();
    }
    report.packed(split);
    return Optional.of(
        new Tuple2<>(RowKey.of(split, id), new Packed.Example(new PackedRow(values, target))));
  }

  private Optional<SignalPairing.Fault> pair(
      InternalRow row, String id, String contentHash, int seen, float[] target) {
    return row.isNullAt(VIEWS)
        ? Optional.of(new SignalPairing.Fault(Finding.NO_SIGNALS, id))
        : new SignalPairing(targets, teachers, codecs, kept, rowWeights)
            .pair(row.getArray(VIEWS), id, contentHash, seen, target);
  }
}
