package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.Slice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All dates of a table have one projector, whichever was taught first. */
class ProjectedDatesTest {
  private static final String[] PCA = {
    "teacher.outputs.map=\"flat:0\"", "signals.project.map={to = 2, by = pca, rows = 30}"
  };

  @TempDir private Path folder;

  private final SparkSession spark = LocalSession.open();
  private final long seed = System.nanoTime();

  @Test
  void theSampleIsOfAllDatesAndWhatIsThereIsUsedAgain() throws IOException {
    DailyPets pets = new DailyPets(spark, folder);
    pets.writeTeacher(Oracle.random(seed));
    Map<String, List<Row>> days = DailyPets.threeDays(seed);
    pets.write(days);

    SignalManifest first = pets.teach("one", "1", DailyPets.only(DailyPets.FIRST), PCA);
    SignalManifest other = pets.teach("other", "1", DailyPets.only(DailyPets.SECOND), PCA);

    assertThat(other.signals()).as("begun by another date").isEqualTo(first.signals());

    pets.write("2026-11-04", Pets.rows(40, seed + 1));
    SignalManifest second = pets.teach("one", "2", DailyPets.only(DailyPets.SECOND), PCA);
    assertThat(second.dates()).containsExactly(DailyPets.FIRST, DailyPets.SECOND);
    assertThat(second.signals()).as("another sample by now").isEqualTo(first.signals());

    Slice slice = second.slices().get(0);
    Files.delete(folder.resolve("one").resolve(slice.files().get(0).name()));
    SignalManifest third = pets.teach("one", "3", DailyPets.only(DailyPets.FIRST), PCA);
    assertThat(third.signals()).as("of a date that was damaged").isEqualTo(first.signals());
    assertThat(third.dates()).containsExactly(DailyPets.FIRST, DailyPets.SECOND);
    assertThat(third.slices().get(0).number()).isGreaterThan(slice.number());
    assertThat(third.slices().get(1)).isEqualTo(second.slices().get(1));
  }
}
