package io.lakestill.jobs;

import io.lakestill.data.BadFeaturesException;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.data.RawFeatures;
import io.lakestill.signal.QuarantineRow;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalFileWriter;
import io.lakestill.signal.SignalRow;
import io.lakestill.teacher.OnnxRunner;
import io.lakestill.teacher.SignalOutput;
import io.lakestill.teacher.TeacherModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.LongAccumulator;

/** The loop of one task: decode, fill a batch, one pass of the teacher, write. */
final class TeachPartition {
  static final int SAMPLE_ID = 0;
  static final int LABEL = 1;
  static final int RAW = 2;
  static final int VIEWS = 3;
  private static final int SHOWN = 5;

  private final TeachTask.Plan plan;
  private final TeacherModel teacher;
  private final FeaturePipeline pipeline;
  private final OnnxRunner runner;
  private final SignalFileWriter writer;
  private final LongAccumulator progress;

  private final float[] features;
  private final float[][] signals;
  private final Key[] keys;
  private int filled;
  private long quarantined;
  private final List<String> examples = new ArrayList<>();

  /** Whose features are at one place of the batch. */
  private record Key(String sampleId, int viewId, String contentHash, int label) {}

  TeachPartition(
      TeachTask.Plan plan,
      TeacherModel teacher,
      FeaturePipeline pipeline,
      OnnxRunner runner,
      SignalFileWriter writer,
      LongAccumulator progress) {
    this.plan = plan;
    this.teacher = teacher;
    this.pipeline = pipeline;
    this.runner = runner;
    this.writer = writer;
    this.progress = progress;
    this.features = new float[plan.batch() * pipeline.width()];
    this.signals = runner.outputArrays();
    this.keys = new Key[plan.batch()];
  }

  /**
   * @param rows sample id, label, raw features, number of views; each row is done with before the
   *     next is asked for, since Spark reuses it
   */
  TeachOutcome teach(Iterator<InternalRow> rows) throws IOException {
    while (rows.hasNext() && !overBudget()) {
      example(rows.next());
    }
    if (filled > 0) {
      pass();
    }
    return new TeachOutcome(
        writer.finishSignals(), writer.finishQuarantine(), List.copyOf(examples), overBudget());
  }

  /** One task alone can use up the budget of all; going on would only cost time. */
  private boolean overBudget() {
    return quarantined > plan.quarantineLimit();
  }

  private void example(InternalRow row) throws IOException {
    String sampleId = row.getUTF8String(SAMPLE_ID).toString();
    int label = row.getInt(LABEL);
    int views = row.getInt(VIEWS);
    int view = 0;
    try {
      RawFeatures raw = RawCell.read(row, RAW, plan.encoding());
      String contentHash = raw.contentHash();
      for (; view < views; view++) {
        pipeline.features(raw, sampleId, view, features, filled * pipeline.width());
        keys[filled++] = new Key(sampleId, view, contentHash, label);
        if (filled == plan.batch()) {
          pass();
        }
      }
    } catch (BadFeaturesException e) {
      progress.add(views - view);
      for (; view < views; view++) {
        quarantine(sampleId, view, e.getMessage());
      }
    }
  }

  private void pass() throws IOException {
    if (TaskContext.get().isInterrupted()) {
      throw new TaskKilledException("the task was asked to stop");
    }
    runner.run(features, filled, signals);
    for (int i = 0; i < filled; i++) {
      int row = i;
      Key key = keys[i];
      Optional<String> fault = notFinite(i).or(() -> notHeld(row));
      if (fault.isEmpty()) {
        OptionalInt label = OptionalInt.of(key.label());
        writer.write(
            new SignalRow(key.sampleId(), key.viewId(), key.contentHash(), label, signals, i));
      } else {
        quarantine(key.sampleId(), key.viewId(), fault.get());
      }
    }
    progress.add(filled);
    filled = 0;
  }

  /** What the teacher said that is no number. */
  private Optional<String> notFinite(int index) {
    for (int k = 0; k < signals.length; k++) {
      int width = runner.width(k);
      for (int i = 0; i < width; i++) {
        float value = signals[k][index * width + i];
        if (!Float.isFinite(value)) {
          SignalOutput output = teacher.outputs().get(k);
          return Optional.of(
              "the teacher's %s has value %s at %d".formatted(output.signal(), value, i));
        }
      }
    }
    return Optional.empty();
  }

  /** What the teacher said that the table cannot keep. */
  private Optional<String> notHeld(int index) {
    for (int k = 0; k < signals.length; k++) {
      SignalColumn column = plan.schema().signals().get(k);
      int offset = index * column.width();
      OptionalInt place = column.codec().refused(signals[k], offset, column.width());
      if (place.isPresent()) {
        return Optional.of(
            "the teacher's %s has value %s at %d, and %s; set signals.codecs.%s = dense32"
                .formatted(
                    column.name(),
                    signals[k][offset + place.getAsInt()],
                    place.getAsInt(),
                    column.codec().limit(),
                    column.name()));
      }
    }
    return Optional.empty();
  }

  private void quarantine(String sampleId, int view, String reason) throws IOException {
    writer.quarantine(new QuarantineRow(sampleId, view, reason));
    quarantined++;
    if (examples.size() < SHOWN) {
      examples.add("%s (view %d): %s".formatted(sampleId, view, reason));
    }
  }
}
