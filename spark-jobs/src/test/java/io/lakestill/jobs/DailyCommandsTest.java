package io.lakestill.jobs;

import static io.lakestill.jobs.DailyPets.FIRST;
import static io.lakestill.jobs.DailyPets.SECOND;
import static io.lakestill.jobs.DailyPets.THIRD;
import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.Slice;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of a table that grows by the day. */
class DailyCommandsTest {
  @TempDir private Path folder;

  private final Map<String, List<Row>> days = DailyPets.threeDays(5);
  private Path root;
  private SignalTable table;

  @BeforeAll
  static void chooseMaster() {
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
    System.setProperty("spark.sql.shuffle.partitions", "2");
  }

  @AfterAll
  static void forgetMaster() {
    System.clearProperty("spark.master");
    System.clearProperty("spark.ui.enabled");
    System.clearProperty("spark.sql.shuffle.partitions");
  }

  @BeforeEach
  void writeDays() throws IOException {
    SparkSession spark = LocalSession.open();
    DailyPets pets = new DailyPets(spark, folder);
    pets.write(days);
    pets.writeTeacher(Oracle.random(5));
    spark.stop();
    root = folder.resolve("out/signals/oracle");
    table = new SignalTable(new org.apache.hadoop.fs.Path(root.toUri()), new Configuration());
    String recipe =
        Pets.text(folder.resolve("table").toString())
            .replace("output = unused", "output = \"" + folder.resolve("out") + "\"")
            .replace("onnx = unused", "onnx = \"" + folder.resolve("teacher.onnx") + "\"")
            .replace("embedding = embedding", "embedding = embedding, map = \"flat:0\"")
            .replace(
                "codec = dense32", "codec = dense16, codecs { logits = topk, embedding = int8 }")
            .replace("signals { batch", "signals { topk { k = 2, temperatures = [1, 4] }, batch")
            .replace("type = kd-kl", "type = topk-kl, k = 2");
    Files.writeString(folder.resolve("pets.conf"), recipe);
    Files.writeString(
        folder.resolve("daily.conf"), recipe.replace("classes =", "date = dt, classes ="));
  }

  @Test
  void datesAreTaughtBesideARunOfTheFolderAndHeldByOneRunEach() throws Exception {
    try (RunLease folderHeld = take(Leased.output(output()), "training")) {
      CommandLineRun first = teach("--dt", FIRST);
      assertThat(first.exit()).as(first.err()).isZero();
      folderHeld.requireHeld();
    }
    assertThat(folder.resolve("out/teach-dt=2026-11-01.json")).exists();
    assertThat(folder.resolve("out/teach.json")).doesNotExist();

    Path dead = unnamed("v=8/dt=" + THIRD);
    DeadLease.leave(root, THIRD);
    try (RunLease held = take(Leased.date(table, SECOND), "other")) {
      CommandLineRun second = teach("--dt", SECOND);
      assertThat(second.exit()).isEqualTo(5);
      assertThat(second.err()).contains("Date 2026-11-02 of signal table '", "held by run other (");
      assertThat(folder.resolve("out/teach-dt=2026-11-02.json")).doesNotExist();

      Path living = unnamed("v=9/dt=" + SECOND);
      Path projector =
          root.resolve("_lakestill/projector-%s.safetensors".formatted("a".repeat(64)));
      Files.writeString(projector, "of a run that has not committed yet");
      CommandLineRun gc = CommandLineRun.of("gc", "--table", root.toString());
      assertThat(gc.exit()).as(gc.err()).isZero();
      assertThat(gc.err()).contains("Removed 1 files", "Taking over date 2026-11-03");
      assertThat(living).exists();
      assertThat(projector).exists();
      assertThat(dead).doesNotExist();
      assertThat(root.resolve("_lakestill/leases/dt=" + THIRD)).doesNotExist();
      held.requireHeld();
    }

    Path summary = folder.resolve("out/teach-dt=2026-11-02..2026-11-03.json");
    try (RunLease held = take(Leased.date(table, THIRD), "other")) {
      CommandLineRun part = teach("--from", SECOND, "--to", THIRD);
      assertThat(part.exit()).isEqualTo(5);
      assertThat(part.err()).contains("2026-11-02: 20 rows, 20 of them taught now");
      assertThat(part.summary().path("dates_taught").toString()).isEqualTo("[\"2026-11-02\"]");
      assertThat(summary).content().contains("\"dates_taught\"", "Date 2026-11-03 of signal table");
      held.requireHeld();
    }
    CommandLineRun rest = teach("--from", SECOND, "--to", THIRD);
    assertThat(rest.exit()).as(rest.err()).isZero();
    assertThat(rest.err()).contains("2026-11-03: 20 rows, 20 of them taught now");
    SignalManifest current = table.current().orElseThrow();
    assertThat(current.dates()).containsExactly(FIRST, SECOND, THIRD);
    assertThat(current.slice(Optional.of(SECOND)).orElseThrow().number()).isEqualTo(10);

    CommandLineRun last = CommandLineRun.of("gc", "--table", root.toString());
    assertThat(last.summary().path("files").asInt()).as("the run has ended").isEqualTo(2);
    CommandLineRun verify = CommandLineRun.of("verify", "--table", root.toString());
    assertThat(verify.exit()).as(verify.err()).isZero();
  }

  @Test
  void compactWritesTheSameBytesOfEveryRowIntoFewerFiles() throws IOException {
    assertThat(teach().exit()).isZero();
    List<Row> corrected = new ArrayList<>(days.get(SECOND));
    corrected.set(3, Pets.row("pet-023", new float[] {1, 2, 3, 4, 5, 6}, 2L));
    SparkSession spark = LocalSession.open();
    new DailyPets(spark, folder).write(SECOND, corrected);
    spark.stop();
    assertThat(teach("--dt", SECOND).exit()).isZero();
    SignalManifest before = table.current().orElseThrow();
    assertThat(before.deadRows()).isEqualTo(1);
    Map<String, String> rows = stored(before);
    CommandLineRun inspect = CommandLineRun.of("inspect", "--table", root.toString());
    assertThat(inspect.out())
        .containsPattern("2026-11-01 +20 +0 +0 +2 +[0-9,]+\n")
        .containsPattern("2026-11-02 +20 +1 +0 +3 +[0-9,]+\n");
    assertThat(inspect.summary().path("slices").get(1).path("dead_rows").asInt()).isEqualTo(1);

    try (RunLease held = take(Leased.date(table, FIRST), "other")) {
      assertThat(compact("--dt", FIRST).exit()).isEqualTo(5);
      held.requireHeld();
    }
    CommandLineRun one = compact("--dt", SECOND);
    assertThat(one.exit()).as(one.err()).isZero();
    SignalManifest after = table.current().orElseThrow();
    Slice slice = after.slice(Optional.of(SECOND)).orElseThrow();
    assertThat(slice.files()).hasSize(1);
    assertThat(slice.tombstones()).isEmpty();
    assertThat(slice.deadRows()).isZero();
    assertThat(after.fingerprint()).isEqualTo(before.fingerprint());
    assertThat(after.slice(Optional.of(FIRST))).isEqualTo(before.slice(Optional.of(FIRST)));
    assertThat(stored(after)).isEqualTo(rows).hasSize(60);
    table.verify(after);

    CommandLineRun others = compact();
    assertThat(others.summary().path("compacted")).hasSize(2);
    SignalManifest last = table.current().orElseThrow();
    assertThat(stored(last)).isEqualTo(rows);
    assertThat(last.files()).hasSize(3);
    assertThat(compact().err()).contains("Compacted 0 of 3 slices.");
    CommandLineRun again = teach();
    assertThat(again.err()).contains("3 of 3 dates were done already");
    assertThat(table.current()).hasValue(last);
    table.verify(last);
  }

  @Test
  void refusesWhatCannotBeMeant() throws IOException {
    CommandLineRun slashed = teach("--dt", "2026/11/03");
    assertThat(slashed.exit()).isEqualTo(2);
    assertThat(slashed.err()).contains("--dt is '2026/11/03'; a date has letters, digits");
    CommandLineRun both = teach("--dt", FIRST, "--from", SECOND);
    assertThat(both.exit()).isEqualTo(2);
    assertThat(both.err()).contains("Give --dt, or a range by --from and --to, not both.");
    CommandLineRun undated =
        CommandLineRun.of(
            "teach", "--recipe", folder.resolve("pets.conf").toString(), "--dt", FIRST);
    assertThat(undated.exit()).isEqualTo(2);
    assertThat(undated.err()).contains("The recipe names no date column", "set data.date");

    String trained =
        Files.readString(folder.resolve("daily.conf"))
            .replaceFirst(
                "onnx = \"[^\"]+\"",
                "graph { architecture = mlp, hidden = [4] }\n"
                    + " train { objectives = [{ type = cross-entropy }] }")
            .replace(", map = \"flat:0\"", "");
    Files.writeString(folder.resolve("trained.conf"), trained);
    CommandLineRun early =
        CommandLineRun.of(
            "teach", "--recipe", folder.resolve("trained.conf").toString(), "--dt", FIRST);
    assertThat(early.exit()).as(early.err()).isEqualTo(3);
    assertThat(early.err())
        .contains("Teacher 'oracle' is trained by this recipe, and cannot be used yet")
        .contains("Run teach once without --dt, --from and --to");

    new SyntheticSignals(root, 1, 1).say("a", 0, "h", 1).commit(1);
    CommandLineRun nothing = compact("--dt", FIRST);
    assertThat(nothing.exit()).isEqualTo(3);
    assertThat(nothing.err()).contains("has no slice of 2026-11-01; its dates are none");
    assertThat(compact("--small", "0").exit()).isEqualTo(2);
  }

  /** Every living row as it is stored, leaf by leaf: of an example, the youngest. */
  private Map<String, String> stored(SignalManifest manifest) throws IOException {
    Map<String, String> rows = new TreeMap<>();
    for (Slice slice : manifest.slices()) {
      List<SignalFile> files = new ArrayList<>(slice.files());
      files.sort((one, other) -> Integer.compare(number(one), number(other)));
      for (SignalFile file : files) {
        Path path = root.resolve(file.name());
        try (ParquetReader<Group> reader =
            ParquetReader.builder(
                    new GroupReadSupport(), new org.apache.hadoop.fs.Path(path.toUri()))
                .build()) {
          for (Group row = reader.read(); row != null; row = reader.read()) {
            rows.put(
                row.getString("sample_id", 0) + "/" + row.getInteger("view_id", 0), leaves(row));
          }
        }
      }
    }
    return rows;
  }

  private static int number(SignalFile file) {
    return Integer.parseInt(file.name().substring(2, file.name().indexOf('/')));
  }

  private static String leaves(Group group) {
    StringBuilder text = new StringBuilder();
    for (int field = 0; field < group.getType().getFieldCount(); field++) {
      Type type = group.getType().getType(field);
      text.append(type.getName()).append('(');
      for (int i = 0; i < group.getFieldRepetitionCount(field); i++) {
        if (!type.isPrimitive()) {
          text.append(leaves(group.getGroup(field, i)));
        } else if (type.asPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.BINARY) {
          text.append(HexFormat.of().formatHex(group.getBinary(field, i).getBytes()));
        } else {
          text.append(group.getValueToString(field, i));
        }
        text.append(' ');
      }
      text.append(')');
    }
    return text.toString();
  }

  private CommandLineRun teach(String... more) {
    List<String> line =
        new ArrayList<>(List.of("teach", "--recipe", folder.resolve("daily.conf").toString()));
    line.addAll(List.of(more));
    return CommandLineRun.of(line.toArray(String[]::new));
  }

  private CommandLineRun compact(String... more) {
    List<String> line = new ArrayList<>(List.of("compact", "--table", root.toString()));
    line.addAll(List.of(more));
    return CommandLineRun.of(line.toArray(String[]::new));
  }

  private OutputFolder output() {
    return new OutputFolder(new org.apache.hadoop.fs.Path(folder.resolve("out").toUri()));
  }

  private static RunLease take(Leased leased, String run) {
    Console console = new Console(new PrintStream(System.err, true, StandardCharsets.UTF_8), false);
    return RunLease.take(leased, run, new Configuration(), console);
  }

  private Path unnamed(String below) throws IOException {
    Path file =
        Files.createDirectories(root.resolve(below))
            .resolve("part-00000-00000000-0000-0000-0000-000000000000.zstd.parquet");
    return Files.writeString(file, "not whole");
  }
}
