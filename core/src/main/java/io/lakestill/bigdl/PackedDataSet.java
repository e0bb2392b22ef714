package io.lakestill.bigdl;

import io.lakestill.error.TrainingErrors;
import io.lakestill.recipe.RowMemory;
import io.lakestill.recipe.TrainingEngine;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.CheckpointManifest.ParameterFile;
import io.lakestill.train.PackedRow;
import io.lakestill.train.RowsHeld;
import io.lakestill.train.Shard;
import io.lakestill.train.Sharding;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.rdd.RDD;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;
import org.apache.spark.storage.StorageLevel;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * The rows of a training as its nodes keep them: one block each, from the first step to the last;
 * and the jobs over them. A block is on the executor's heap as far as {@link RowMemory} allows, and
 * for the rest in a file of its local disk.
 *
 * <p>The lineage of the blocks is cut, so that Spark never computes a lost one again, which would
 * be without what was learned from it: a job over a lost block fails.
 */
final class PackedDataSet implements AutoCloseable {
  private static final ClassTag<NodeReport> REPORT = ClassTag$.MODULE$.apply(NodeReport.class);

  private final JavaRDD<RowSource> sources;
  private final List<Size> sizes;

  /** The rows of one node, and which executor has them. */
  private record Size(String executor, int training, int validation, long heapBytes, long diskBytes)
      implements Serializable {
    private static final long serialVersionUID = 1L;

    static Size of(RowSource source) {
      return new Size(
          SparkEnv.get().executorId(),
          source.training().rows(),
          source.validation().rows(),
          source.heapBytes(),
          source.diskBytes());
    }
  }

  /**
   * Packs the blocks, which runs whatever the rows are made by.
   *
   * @param training a partition per node; the same rows whenever it is computed again
   * @param validation a partition per node
   * @param packing of each block
   * @throws io.lakestill.error.LakestillException (exit 75) when they fit neither into memory nor
   *     on a local disk
   */
  PackedDataSet(
      JavaRDD<PackedRow> training,
      JavaRDD<PackedRow> validation,
      ClusterShape cluster,
      RowPacking packing) {
    if (training.getNumPartitions() != cluster.nodes()) {
      throw new IllegalStateException(
          "%d blocks for %d nodes".formatted(training.getNumPartitions(), cluster.nodes()));
    }
    JavaRDD<RowSource> blocks = training.zipPartitions(validation, packing);
    if (cluster.nodes() > 1 && cluster.coresPerNode() > 1) {
      // A block per executor, not per core.
      blocks =
          blocks.withResources(
              new ResourceProfileBuilder()
                  .require(new TaskResourceRequests().cpus(cluster.coresPerNode()))
                  .build());
    }
    this.sources = blocks.setName("packed rows").persist(StorageLevel.MEMORY_ONLY());
    sources.rdd().localCheckpoint();
    name("pack the rows");
    this.sizes = sources.map(Size::of).collect();
  }

  /** The training rows of each node. */
  List<Integer> nodeRows() {
    return sizes.stream().map(Size::training).toList();
  }

  /** All training rows. */
  long size() {
    return sizes.stream().mapToLong(Size::training).sum();
  }

  /** All validation rows. */
  long validationRows() {
    return sizes.stream().mapToLong(Size::validation).sum();
  }

  /** Whether no executor has the rows of two nodes. */
  boolean isSpread() {
    return sizes.stream().map(Size::executor).distinct().count() == sizes.size();
  }

  /** Where the rows are. */
  RowsHeld held() {
    return new RowsHeld(
        size(),
        sizes.stream().mapToLong(Size::heapBytes).sum(),
        sizes.stream().mapToLong(Size::diskBytes).sum());
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
      throw TrainingErrors.memoryDoesNotFit(bytes, heap);
    }
  }

  /**
   * Makes every node ready.
   *
   * @param from where they go on; none at the beginning
   * @return one per node, in their order
   */
  List<NodeStart.Ready> start(NodeSetup setup, List<RestorePoint> from) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(sources.context());
    name("make the nodes ready");
    return sources.mapPartitions(new NodeStart(context.broadcast(setup), from), true).collect();
  }

  /**
   * Times engines on every node.
   *
   * @param setup of the training, whatever its engine
   * @return one per node, in their order
   */
  List<EngineTrial.Times> trial(NodeSetup setup, List<TrainingEngine> engines) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(sources.context());
    name("time the engines");
    return sources
        .mapPartitions(new EngineTrial(context.broadcast(setup), engines), true)
        .collect();
  }

  /**
   * Takes a segment's steps: one barrier stage, which Spark runs on all nodes or on none.
   *
   * @param doing what Spark's pages call it
   */
  List<NodeReport> run(Segment segment, String doing) {
    name(doing);
    RDD<NodeReport> reports =
        sources.rdd().barrier().mapPartitions(new NodeTask(segment), true, REPORT);
    return JavaRDD.fromRDD(reports, REPORT).collect();
  }

  /**
   * Stores what the shards remember after a step, each executor its own.
   *
   * @return a file of each worker; none when nothing is remembered
   * @throws io.lakestill.error.LakestillException (exit 75) when a shard was lost on the way
   */
  List<ParameterFile> storeMemory(Sharding sharding, CheckpointFolder folder, int step) {
    name("store what the loss remembers");
    CheckpointPlace place = CheckpointPlace.of(folder);
    return sources.mapPartitions(new StoreMemory(sharding, place, step), true).collect();
  }

  private void name(String doing) {
    new JobNames(sources.context()).now(doing);
  }

  /** Frees the executors' memory and disks. */
  @Override
  public void close() {
    sources.unpersist();
  }

  /** Ends what the nodes have open, where they still are, and frees their memory. */
  void end() {
    name("free what the nodes hold");
    sources.foreach(RowSource::forget);
    close();
  }

  private record StoreMemory(Sharding sharding, CheckpointPlace place, int step)
      implements FlatMapFunction<Iterator<RowSource>, ParameterFile> {
    @Override
    public Iterator<ParameterFile> call(Iterator<RowSource> sources) {
      CheckpointFolder to = place.folder();
      List<ParameterFile> files = new ArrayList<>();
      for (Shard shard : sources.next().shards(sharding)) {
        to.storeMemory(shard.worker(), shard.remembered(step)).ifPresent(files::add);
      }
      return files.iterator();
    }
  }
}
