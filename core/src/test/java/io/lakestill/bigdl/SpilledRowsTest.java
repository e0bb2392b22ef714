package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.lakestill.error.LakestillException;
import io.lakestill.recipe.LoopSettings;
import io.lakestill.recipe.RowMemory;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.Relu;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.Epoch;
import io.lakestill.train.HeapRows;
import io.lakestill.train.PackedRow;
import io.lakestill.train.RowLayout;
import io.lakestill.train.RowsHeld;
import io.lakestill.train.TrainingProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaRDD;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.reflect.ClassTag$;

/** Trainings whose rows are not all in memory. */
class SpilledRowsTest {
  private static final int WIDTH = 6;
  private static final int CLASSES = 4;
  private static final RowLayout TARGETS = Blobs.targets(Blobs.distillation(), CLASSES);
  private static final Path OPEN_FILES = Path.of("/proc/self/fd");

  /** Two arrays of a chunk's size, and some rows more. */
  private static final int ROWS = 13_000;

  private static final long ROW_BYTES = 4L * (WIDTH + 1 + CLASSES);

  @TempDir Path folder;

  @BeforeAll
  static void startEngine() {
    LocalSpark.cluster();
  }

  private static final class Told implements TrainingProgress {
    private RowsHeld rows;

    @Override
    public void packed(RowsHeld held) {
      rows = held;
    }

    @Override
    public void step(Step step) {}

    @Override
    public void epoch(Epoch epoch) {}
  }

  private TrainedStudent train(RowMemory memory, TrainingProgress progress) {
    return train(memory, progress, new Blobs(ROWS, WIDTH, CLASSES, 1).block(TARGETS));
  }

  private TrainedStudent train(
      RowMemory memory, TrainingProgress progress, JavaRDD<PackedRow> rows) {
    LoopSettings plain = Blobs.loop();
    LoopSettings loop =
        new LoopSettings(
            plain.engine(),
            plain.exchange(),
            2,
            1,
            0,
            plain.checkpoint(),
            0,
            0,
            0,
            memory,
            plain.mix());
    StudentGraph graph =
        new StudentGraph(
            Shape.flat(WIDTH),
            List.of(
                new Linear("hidden", Layer.INPUT, 16, true),
                new Relu("relu", "hidden"),
                new Linear("classes", "relu", CLASSES, true)),
            Map.of("logits", "classes"));
    return new StudentTrainer(
            graph,
            Blobs.distillation(),
            TARGETS,
            Blobs.settings(2, 64, Blobs.adam(0.01), loop),
            3,
            LocalSpark.cluster())
        .train(
            rows,
            new Blobs(201, WIDTH, CLASSES, 2).block(TARGETS),
            folder.resolve("events-" + System.nanoTime()),
            progress);
  }

  @Test
  void whereRowsLieChangesNoBit() {
    Told inMemory = new Told();
    TrainedStudent expected = train(new RowMemory.Share(0.4), inMemory);
    assertThat(inMemory.rows).isEqualTo(new RowsHeld(ROWS, (ROWS + 201) * ROW_BYTES, 0));

    for (long bytes : new long[] {0, 300_000, 570_000}) {
      Told told = new Told();
      TrainedStudent trained = train(new RowMemory.Size(bytes), told);

      assertThat(told.rows.heapBytes())
          .isLessThanOrEqualTo(bytes)
          .isGreaterThan(bytes - 1 - 300_000);
      assertThat(told.rows.heapBytes() + told.rows.diskBytes()).isEqualTo((ROWS + 201) * ROW_BYTES);
      assertThat(trained.parameters()).isEqualTo(expected.parameters());
      assertThat(trained.history().epochs())
          .usingRecursiveComparison()
          .ignoringFields("seconds", "rowsPerSecond")
          .isEqualTo(expected.history().epochs());
    }
  }

  /** The packed rows that this process has on a disk: they have no name, but a number. */
  private static List<String> openRowFiles() {
    try (Stream<Path> files = Files.list(OPEN_FILES)) {
      return files
          .map(SpilledRowsTest::target)
          .flatMap(Optional::stream)
          .filter(file -> file.contains("/rows-"))
          .toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Optional<String> target(Path link) {
    try {
      return Optional.of(Files.readSymbolicLink(link).toString());
    } catch (IOException e) {
      return Optional.empty(); // Closed meanwhile.
    }
  }

  @Test
  void theDiskIsFreeAfterTheTrainingAndAfterItFailed() {
    Assumptions.assumeTrue(Files.exists(OPEN_FILES), "tells open files by /proc");
    Path local = SparkEnv.get().blockManager().diskBlockManager().localDirs()[0].toPath();
    RowMemory none = new RowMemory.Size(0);
    boolean[] seen = {false};

    train(
        none,
        new TrainingProgress() {
          @Override
          public void step(Step step) {
            seen[0] |= openRowFiles().stream().anyMatch(file -> file.startsWith(local.toString()));
          }

          @Override
          public void epoch(Epoch epoch) {}
        });
    assertThat(seen[0]).isTrue();
    await().atMost(Duration.ofMinutes(1)).until(() -> openRowFiles().isEmpty());

    JavaRDD<PackedRow> broken =
        new Blobs(100, WIDTH, CLASSES, 1)
            .block(TARGETS)
            .map(row -> row.targets()[0] == 3 ? new PackedRow(new float[1], row.targets()) : row);
    assertThatThrownBy(() -> train(none, TrainingProgress.silent(), broken))
        .hasStackTraceContaining("row 3 has 1 features");
    await().atMost(Duration.ofMinutes(1)).until(() -> openRowFiles().isEmpty());
  }

  @Test
  void isRefusedInWordsWhereSparksStorageMemoryHasNoRoom() {
    List<PackedRow> rows = new Blobs(10, WIDTH, CLASSES, 1).packed(TARGETS);
    RowSource source = new RowSource(HeapRows.of(rows), HeapRows.of(rows), 1, 0);

    // What Spark does with a block that it has to take out of memory.
    assertThatThrownBy(
            () ->
                SparkEnv.get()
                    .serializer()
                    .newInstance()
                    .serialize(source, ClassTag$.MODULE$.apply(RowSource.class)))
        .isInstanceOf(LakestillException.class)
        .hasMessageContaining("lower train.memory");
    assertThat(source.estimatedSize()).isBetween(2 * 10 * ROW_BYTES, 2 * 10 * ROW_BYTES + 10_000);
  }
}
