package io.lakestill.jobs;

import io.lakestill.data.BadFeaturesException;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.data.RawFeatures;
import io.lakestill.signal.SignalFileWriter;
import io.lakestill.signal.SignalRow;
import io.lakestill.teacher.OnnxRunner;
import java.io.IOException;
import java.util.Iterator;
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
  private static final int OWN = 4;

  private final TeachTask.Plan plan;
  private final FeaturePipeline pipeline;
  private final OnnxRunner runner;
  private final SignalSink sink;
  private final LongAccumulator progress;

  private final float[] features;
  private final float[][] signals;
  private final Key[] keys;
  private int filled;

  /** Whose features are at one place of the batch. */
  private record Key(
      String sampleId,
      int viewId,
      String contentHash,
      Optional<String> teacherContentHash,
      int label) {}

  TeachPartition(
      TeachTask.Plan plan,
      FeaturePipeline pipeline,
      OnnxRunner runner,
      SignalFileWriter writer,
      LongAccumulator progress) {
    this.plan = plan;
    this.pipeline = pipeline;
    this.runner = runner;
    this.sink = new SignalSink(plan.said(), plan.stored(), plan.quarantineLimit(), writer);
    this.progress = progress;
    this.features = new float[plan.batch() * pipeline.width()];
    this.signals = runner.outputArrays();
    this.keys = new Key[plan.batch()];
  }

  /**
   * @param rows sample id, label, raw features, number of views, and what the teacher is shown
   *     instead; each row is done with before the next is asked for, since Spark reuses it
   */
  TeachOutcome teach(Iterator<InternalRow> rows) throws IOException {
    while (rows.hasNext() && !sink.overBudget()) {
      example(rows.next());
    }
    if (filled > 0) {
      pass();
    }
    return sink.finish();
  }

  private void example(InternalRow row) throws IOException {
    String sampleId = row.getUTF8String(SAMPLE_ID).toString();
    int label = row.getInt(LABEL);
    int views = row.getInt(VIEWS);
    int view = 0;
    try {
      RawFeatures raw = RawCell.read(row, RAW, plan.cells().student());
      String contentHash = raw.contentHash();
      RawFeatures shown = raw;
      Optional<String> shownHash = Optional.empty();
      if (plan.cells().teacherHasOwn()) {
        shown = RawCell.read(row, OWN, plan.cells().seenByTeacher());
        shownHash = Optional.of(shown.contentHash());
      }
      for (; view < views; view++) {
        pipeline.features(shown, sampleId, view, features, filled * pipeline.width());
        keys[filled++] = new Key(sampleId, view, contentHash, shownHash, label);
        if (filled == plan.batch()) {
          pass();
        }
      }
    } catch (BadFeaturesException e) {
      progress.add(views - view);
      for (; view < views; view++) {
        sink.quarantine(sampleId, view, e.getMessage());
      }
    }
  }

  private void pass() throws IOException {
    if (TaskContext.get().isInterrupted()) {
      throw new TaskKilledException("the task was asked to stop");
    }
    runner.run(features, filled, signals);
    for (int i = 0; i < filled; i++) {
      Key key = keys[i];
      OptionalInt label = OptionalInt.of(key.label());
      sink.write(
          new SignalRow(
              key.sampleId(),
              key.viewId(),
              key.contentHash(),
              key.teacherContentHash(),
              label,
              signals,
              i));
    }
    progress.add(filled);
    filled = 0;
  }
}
