package io.lakestill.jobs;

import io.lakestill.data.RawFeatures;
import io.lakestill.signal.Content;
import io.lakestill.signal.QuarantineRow;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalFileWriter;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalRow;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.Slice;
import io.lakestill.signal.codec.Codec;
import io.lakestill.signal.codec.Dense32;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A signal table as {@code teach} would leave it, of a teacher that is sure of the label and says
 * the rest at random, by key.
 */
final class SyntheticSignals {
  /** What is known of one example. */
  record Example(String id, int label, RawFeatures raw) {}

  private int classes = 10;
  private Codec codec = new Dense32();
  private final SignalTable table;
  private final String teacher;
  private final float raised;
  private final int views;
  private final long viewSeed;
  private final List<SignalRow> rows = new ArrayList<>();
  private final List<QuarantineRow> quarantined = new ArrayList<>();

  SyntheticSignals(java.nio.file.Path folder, int views, long viewSeed) {
    this(folder, "synthetic", 0, views, viewSeed);
  }

  /**
   * @param raised added to every logit, so that two teachers differ by a known number
   */
  SyntheticSignals(
      java.nio.file.Path folder, String teacher, float raised, int views, long viewSeed) {
    this.teacher = teacher;
    this.raised = raised;
    this.table = new SignalTable(new Path(folder.toUri()), new Configuration());
    this.views = views;
    this.viewSeed = viewSeed;
  }

  /** Its logits are stored so. */
  SyntheticSignals storedBy(Codec codec) {
    this.codec = codec;
    return this;
  }

  /** It knows so many classes, not ten. */
  SyntheticSignals ofClasses(int count) {
    classes = count;
    return this;
  }

  private SignalSchema schema() {
    return new SignalSchema(
        List.of(new SignalColumn(SignalColumn.LOGITS, List.of(classes), codec)));
  }

  SyntheticSignals say(Example example, int view) {
    return say(example.id(), view, example.raw().contentHash(), example.label());
  }

  SyntheticSignals say(String id, int view, String contentHash, int label) {
    Random random = new Random(31L * id.hashCode() + view);
    float[] logits = new float[classes];
    for (int c = 0; c < logits.length; c++) {
      logits[c] = (float) random.nextGaussian() + (c == label ? 8 : 0) + raised;
    }
    rows.add(
        new SignalRow(id, view, contentHash, OptionalInt.of(label), new float[][] {logits}, 0));
    return this;
  }

  SyntheticSignals quarantine(String id, int view) {
    quarantined.add(new QuarantineRow(id, view, "not finite"));
    return this;
  }

  /** Removes the last row that was said. */
  SyntheticSignals unsay() {
    rows.remove(rows.size() - 1);
    return this;
  }

  /** Commits the rows in the order they were said, over so many files. */
  SignalTable commit(int files) throws IOException {
    int version = table.nextVersion();
    List<SignalFile> signals = new ArrayList<>();
    List<SignalFile> quarantine = new ArrayList<>();
    for (int file = 0; file < files; file++) {
      String name = "part-%05d.parquet".formatted(file);
      try (SignalFileWriter writer =
          new SignalFileWriter(
              new SignalFileWriter.Contents(schema(), teacher, "0"),
              new Path(table.folder(version), name),
              new Path(table.quarantineFolder(version), name),
              table.configuration())) {
        for (int row = file; row < rows.size(); row += files) {
          writer.write(rows.get(row));
        }
        for (int row = file; row < quarantined.size(); row += files) {
          writer.quarantine(quarantined.get(row));
        }
        Optional<SignalFile> said = writer.finishSignals();
        said.ifPresent(signals::add);
        Optional<SignalFile> unsaid = writer.finishQuarantine();
        unsaid.ifPresent(quarantine::add);
      }
    }
    table.commit(
        new SignalManifest(
            version,
            "2026-01-01T00:00:00Z",
            "run",
            "0",
            new SignalManifest.Teacher(teacher, "0"),
            Digits.blueprint().features().fingerprint(),
            schema().signals(),
            IntStream.range(0, classes).mapToObj(String::valueOf).toList(),
            new SignalManifest.Views(views, viewSeed),
            Optional.empty(),
            List.of(
                new Slice(
                    Optional.empty(),
                    version,
                    "run",
                    "fingerprint " + version,
                    List.of(),
                    table.named(Content.SIGNALS, version, Optional.empty(), signals),
                    table.named(Content.QUARANTINE, version, Optional.empty(), quarantine),
                    List.of(),
                    0))));
    return table;
  }
}
