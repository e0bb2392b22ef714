package io.lakestill.jobs;

import io.lakestill.data.FeaturePipeline;
import io.lakestill.signal.SignalFileWriter;
import io.lakestill.signal.SignalSchema;
import io.lakestill.teacher.OnnxFile;
import io.lakestill.teacher.OnnxModel;
import io.lakestill.teacher.OnnxRunner;
import io.lakestill.teacher.TeacherModel;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Runs the teacher over one partition of examples and writes what it says into files whose names no
 * other attempt uses; the only result is what {@link TeachOutcome} says about them.
 */
final class TeachTask implements FlatMapFunction<Iterator<InternalRow>, String> {
  private static final long serialVersionUID = 1L;

  private final Plan plan;
  private final TeacherModel teacher;
  private final FeaturePipeline pipeline;
  private final Broadcast<byte[]> model;
  private final SerializableConfiguration configuration;
  private final LongAccumulator rows;

  /**
   * What a task needs to know about the whole.
   *
   * @param said what the teacher says
   * @param stored the columns of the signal files
   * @param cells how features are stored
   * @param batch rows per call of the teacher
   * @param quarantineLimit rows that may go to quarantine, over all tasks
   * @param signalFolder where signal files go
   * @param quarantineFolder where quarantine files go
   */
  record Plan(
      SignalSchema said,
      StoredSignals stored,
      RawCells cells,
      int batch,
      long quarantineLimit,
      String signalFolder,
      String quarantineFolder)
      implements java.io.Serializable {}

  TeachTask(
      Plan plan,
      TeacherModel teacher,
      FeaturePipeline pipeline,
      Broadcast<byte[]> model,
      Configuration configuration,
      LongAccumulator rows) {
    this.plan = plan;
    this.teacher = teacher;
    this.pipeline = pipeline;
    this.model = model;
    this.configuration = new SerializableConfiguration(configuration);
    this.rows = rows;
  }

  @Override
  public Iterator<String> call(Iterator<InternalRow> examples) throws IOException {
    OnnxFile file = new OnnxFile(teacher.origin(), model.value(), teacher.sha256());
    try (OnnxModel open = teacher.open(file);
        OnnxRunner runner = teacher.runner(open, plan.batch());
        SignalFileWriter writer = writer()) {
      TeachPartition partition = new TeachPartition(plan, pipeline, runner, writer, rows);
      TeachOutcome outcome = partition.teach(examples);
      if (TaskContext.get().isInterrupted()) {
        // Another attempt was quicker, and the version may be committed by now.
        writer.remove();
        throw new TaskKilledException("the task was asked to stop");
      }
      return List.of(outcome.toLine()).iterator();
    }
  }

  private SignalFileWriter writer() {
    String name =
        "part-%05d-%s.zstd.parquet".formatted(TaskContext.getPartitionId(), UUID.randomUUID());
    return new SignalFileWriter(
        new SignalFileWriter.Contents(plan.stored().schema(), teacher.id(), teacher.sha256()),
        new Path(plan.signalFolder(), name),
        new Path(plan.quarantineFolder(), name),
        configuration.value());
  }
}
