package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.feature.dataset.DistributedDataSet;
import com.intel.analytics.bigdl.dllib.feature.dataset.MiniBatch;
import io.lakestill.error.Errors;
import io.lakestill.objective.State;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.CheckpointManifest.ParameterFile;
import io.lakestill.train.FirstStep;
import io.lakestill.train.PackedRows;
import io.lakestill.train.Shard;
import io.lakestill.train.Sharding;
import io.lakestill.train.TermReport;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.api.java.function.VoidFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.apache.spark.storage.BlockManagerMaster;
import org.apache.spark.storage.RDDBlockId;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Packed rows as BigDL's distributed data set: exactly one block per partition, kept in executor
 * memory, one partition per BigDL node.
 *
 * <p>BigDL's own data sets start every step at a random offset, so an epoch is approximate. Here a
 * step's rows are a pure function of seed, partition and step: BigDL runs one Spark job per step,
 * Spark serialises the data set's function anew for each job, and with it goes the step that {@link
 * #startStep} set on the driver. So a lost task runs again over the same rows, every row is seen
 * exactly once per pass, and the rows at the end of a pass open the next batch. Batches are always
 * full, because BigDL averages over cores without regard for how many rows each had.
 *
 * <p>Blocks are {@code MEMORY_ONLY}: a block that does not fit would be decoded again at every
 * step, so that is refused at the start.
 */
final class PackedDataSet implements DistributedDataSet<MiniBatch<Float>>, AutoCloseable {
  private final JavaRDD<RowSource> sources;
  private final TrainingBatches training;
  private final int[] featureShape;
  private final int rowsPerPartition;
  private final List<Integer> partitionRows;
  private final CollectionAccumulator<List<TermReport>> reports;

  /**
   * Keeps the blocks in memory, which runs whatever they are made by.
   *
   * @param rows one block per partition; the same rows whenever it is computed again
   * @param featureShape the shape of one view, without the batch axis
   * @param rowsPerPartition rows per step and partition
   * @param cores of each partition's node, which share them
   */
  PackedDataSet(
      JavaRDD<PackedRows> rows,
      List<Integer> featureShape,
      int rowsPerPartition,
      int cores,
      long seed) {
    this.featureShape = featureShape.stream().mapToInt(Integer::intValue).toArray();
    this.rowsPerPartition = rowsPerPartition;
    this.training = new TrainingBatches(this.featureShape, rowsPerPartition, cores);
    this.sources =
        rows.mapPartitionsWithIndex(new Sources(seed), true)
            .setName("packed rows")
            .persist(StorageLevel.MEMORY_ONLY());
    this.partitionRows = sources.map(RowSource::rows).collect();
    if (partitionRows.size() != rows.getNumPartitions()) {
      throw new IllegalStateException(
          "%d blocks in %d partitions".formatted(partitionRows.size(), rows.getNumPartitions()));
    }
    this.reports = sources.context().collectionAccumulator();
    requireKept();
  }

  /** Asks the block manager's master: Spark's own storage page lags behind. */
  private void requireKept() {
    BlockManagerMaster master = SparkEnv.get().blockManager().master();
    int partitions = sources.getNumPartitions();
    int missing =
        (int)
            IntStream.range(0, partitions)
                .filter(partition -> !master.contains(new RDDBlockId(sources.id(), partition)))
                .count();
    if (missing > 0) {
      close();
      throw Errors.rowsDoNotFit(missing, partitions, size());
    }
  }

  /** The rows of each partition. */
  List<Integer> partitionRows() {
    return Collections.unmodifiableList(partitionRows);
  }

  /** Deals each partition's rows to the cores of its node, to which they belong from now on. */
  void shard(Sharding sharding) {
    training.sharding = context().broadcast(sharding);
  }

  /**
   * Refuses shards whose memory no executor could hold.
   *
   * @param bytes of the memory of one node's shards
   * @throws io.lakestill.error.LakestillException (exit 2)
   */
  void requireRoom(long bytes) {
    long heap =
        sources.context().isLocal()
            ? Runtime.getRuntime().maxMemory()
            : sources.context().getConf().getSizeAsMb("spark.executor.memory", "1g") << 20;
    if (bytes > heap) {
      throw Errors.memoryDoesNotFit(bytes, heap);
    }
  }

  private JavaSparkContext context() {
    return JavaSparkContext.fromSparkContext(sources.context());
  }

  /** Says which step the next job trains, counted from 1. */
  void startStep(int step) {
    training.step = step;
    training.reports = step == 1 ? reports : null;
  }

  /** What the terms did at the first step; empty before it has ended. */
  Optional<FirstStep> firstStep() {
    return reports.value().isEmpty()
        ? Optional.empty()
        : Optional.of(FirstStep.mean(reports.value()));
  }

  /**
   * Stores what the shards remember after a step, each executor its own.
   *
   * @return a file of each worker; none when nothing is remembered
   * @throws io.lakestill.error.LakestillException (exit 75) when a shard was lost on the way
   */
  List<ParameterFile> storeMemory(CheckpointFolder folder, int step) {
    if (training.sharding == null) {
      return List.of();
    }
    String path = folder.path().toString();
    SerializableConfiguration hadoop = new SerializableConfiguration(folder.configuration());
    return sources.flatMap(new StoreMemory(training.sharding, path, hadoop, step)).collect();
  }

  /**
   * Puts back what was stored, into the shards of the same rows, seed and cluster.
   *
   * @param memory each worker's under its number
   * @param step after which it was taken
   */
  void restore(State memory, int step) {
    sources.foreach(new Restore(training.sharding, context().broadcast(memory), step));
  }

  @Override
  public RDD<MiniBatch<Float>> data(boolean train) {
    JavaRDD<MiniBatch<Float>> batches =
        train
            ? sources.mapPartitionsWithIndex(training, true)
            : sources.mapPartitionsWithIndex(
                new ValidationBatches(featureShape, rowsPerPartition), true);
    return batches.rdd();
  }

  /** Nothing to do: each pass has an order of its own. */
  @Override
  public void shuffle() {}

  @Override
  public long size() {
    return partitionRows.stream().mapToLong(Integer::longValue).sum();
  }

  @Override
  public RDD<?> originRDD() {
    return sources.rdd();
  }

  @Override
  public boolean isCached() {
    return true;
  }

  /** BigDL notes here that it cached the rows; they are, from the start to {@link #close}. */
  @Override
  public void isCached_$eq(boolean cached) {}

  /** Frees the executors' memory. */
  @Override
  public void close() {
    sources.unpersist();
  }

  private record Sources(long seed)
      implements Function2<Integer, Iterator<PackedRows>, Iterator<RowSource>> {
    @Override
    public Iterator<RowSource> call(Integer partition, Iterator<PackedRows> blocks) {
      RowSource source = new RowSource(blocks.next(), seed, partition);
      if (blocks.hasNext()) {
        throw new IllegalStateException("Partition " + partition + " has more than one block");
      }
      return Collections.singleton(source).iterator();
    }
  }

  /** Its step is the driver's at the moment Spark serialises a job. */
  private static final class TrainingBatches
      implements Function2<Integer, Iterator<RowSource>, Iterator<MiniBatch<Float>>> {
    private static final long serialVersionUID = 1L;

    private final int[] featureShape;
    private final int size;
    private final int cores;
    private volatile int step = 1;

    /** Null as long as any core may train on any row. */
    private volatile Broadcast<Sharding> sharding;

    /** Null at steps that nobody asks about. */
    private volatile CollectionAccumulator<List<TermReport>> reports;

    TrainingBatches(int[] featureShape, int size, int cores) {
      this.featureShape = featureShape;
      this.size = size;
      this.cores = cores;
    }

    @Override
    public Iterator<MiniBatch<Float>> call(Integer partition, Iterator<RowSource> sources) {
      MiniBatch<Float> batch =
          sources
              .next()
              .training(
                  featureShape,
                  size,
                  cores,
                  step,
                  Optional.ofNullable(sharding).map(Broadcast::value),
                  Optional.ofNullable(reports));
      return Collections.singleton(batch).iterator();
    }
  }

  private record StoreMemory(
      Broadcast<Sharding> sharding, String folder, SerializableConfiguration hadoop, int step)
      implements FlatMapFunction<RowSource, ParameterFile> {
    @Override
    public Iterator<ParameterFile> call(RowSource source) {
      CheckpointFolder to = new CheckpointFolder(new Path(folder), hadoop.value());
      List<ParameterFile> files = new ArrayList<>();
      for (Shard shard : source.shards(sharding.value())) {
        to.storeMemory(shard.worker(), shard.remembered(step)).ifPresent(files::add);
      }
      return files.iterator();
    }
  }

  private record Restore(Broadcast<Sharding> sharding, Broadcast<State> memory, int step)
      implements VoidFunction<RowSource> {
    @Override
    public void call(RowSource source) {
      for (Shard shard : source.shards(sharding.value())) {
        shard.restore(memory.value().copy().part(String.valueOf(shard.worker())), step);
      }
    }
  }

  private record ValidationBatches(int[] featureShape, int size)
      implements Function2<Integer, Iterator<RowSource>, Iterator<MiniBatch<Float>>>, Serializable {
    @Override
    public Iterator<MiniBatch<Float>> call(Integer partition, Iterator<RowSource> sources) {
      Iterator<PackedBatch> batches = sources.next().validation(featureShape, size);
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return batches.hasNext();
        }

        @Override
        public MiniBatch<Float> next() {
          return batches.next();
        }
      };
    }
  }
}
