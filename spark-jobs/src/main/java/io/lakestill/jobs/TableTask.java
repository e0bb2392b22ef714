package io.lakestill.jobs;

import io.lakestill.data.BadFeaturesException;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.data.RawFeatures;
import io.lakestill.recipe.Encoding;
import io.lakestill.signal.SignalFileWriter;
import io.lakestill.signal.SignalRow;
import io.lakestill.signal.SignalSchema;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Writes what a table of scores says of one partition of examples, as {@link TeachTask} writes what
 * a model says.
 *
 * @param plan what the task needs to know about the whole
 * @param scores reads the scores of a row
 * @param pipeline how a student sees examples: what it cannot learn from goes to quarantine here
 */
record TableTask(
    Plan plan,
    ScoreReader scores,
    FeaturePipeline pipeline,
    SerializableConfiguration configuration,
    LongAccumulator progress)
    implements FlatMapFunction<Iterator<InternalRow>, String> {
  private static final long serialVersionUID = 1L;

  /**
   * What a task needs to know about the whole.
   *
   * @param schema what the teacher says
   * @param stored the columns of the signal files
   * @param teacherId whose they are
   * @param teacherSha256 its identity
   * @param encoding how raw features are stored
   * @param quarantineLimit rows that may go to quarantine, over all tasks
   * @param signalFolder where signal files go
   * @param quarantineFolder where quarantine files go
   */
  record Plan(
      SignalSchema schema,
      StoredSignals stored,
      String teacherId,
      String teacherSha256,
      Encoding encoding,
      long quarantineLimit,
      String signalFolder,
      String quarantineFolder)
      implements java.io.Serializable {
    private static final long serialVersionUID = 1L;
  }

  /**
   * @param examples sample id, label, raw features, number of views, then the scores; each row is
   *     done with before the next is asked for, since Spark reuses it
   */
  @Override
  public Iterator<String> call(Iterator<InternalRow> examples) throws IOException {
    try (SignalFileWriter writer = writer()) {
      SignalSink sink =
          new SignalSink(plan.schema(), plan.stored(), plan.quarantineLimit(), writer);
      float[][] signals = scores.outputArrays(1);
      float[] features = new float[pipeline.width()];
      while (examples.hasNext() && !sink.overBudget()) {
        if (TaskContext.get().isInterrupted()) {
          throw new TaskKilledException("the task was asked to stop");
        }
        example(examples.next(), features, signals, sink);
        progress.add(1);
      }
      TeachOutcome outcome = sink.finish();
      if (TaskContext.get().isInterrupted()) {
        writer.remove(); // As in TeachTask.
        throw new TaskKilledException("the task was asked to stop");
      }
      return List.of(outcome.toLine()).iterator();
    }
  }

  private void example(InternalRow row, float[] features, float[][] signals, SignalSink sink)
      throws IOException {
    String sampleId = row.getUTF8String(TeachPartition.SAMPLE_ID).toString();
    try {
      RawFeatures raw = RawCell.read(row, TeachPartition.RAW, plan.encoding());
      pipeline.features(raw, sampleId, 0, features, 0);
      Optional<String> fault = scores.read(row, signals, 0);
      if (fault.isPresent()) {
        sink.quarantine(sampleId, 0, fault.get());
      } else {
        OptionalInt label = OptionalInt.of(row.getInt(TeachPartition.LABEL));
        sink.write(new SignalRow(sampleId, 0, raw.contentHash(), label, signals, 0));
      }
    } catch (BadFeaturesException e) {
      sink.quarantine(sampleId, 0, e.getMessage());
    }
  }

  private SignalFileWriter writer() {
    String name =
        "part-%05d-%s.zstd.parquet".formatted(TaskContext.getPartitionId(), UUID.randomUUID());
    return new SignalFileWriter(
        new SignalFileWriter.Contents(
            plan.stored().schema(), plan.teacherId(), plan.teacherSha256()),
        new Path(plan.signalFolder(), name),
        new Path(plan.quarantineFolder(), name),
        configuration.value());
  }
}
