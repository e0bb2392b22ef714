package io.lakestill.jobs;

import io.lakestill.metric.StorageLoss;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.StoredSize;
import io.lakestill.signal.codec.Codec;
import io.lakestill.signal.codec.Dense16;
import io.lakestill.signal.codec.Dense32;
import io.lakestill.signal.codec.Int8;
import io.lakestill.signal.codec.Topk;
import io.lakestill.signal.codec.TopkRow;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * What rows of logits lose, and what they take, by each way of storing them.
 *
 * @param forms what was compared
 * @param refused ways that cannot hold some value of the sample, with the reason
 */
record LogitsAudit(List<Form> forms, List<String> refused) {

  /**
   * One way of storing logits.
   *
   * @param codec its name in a recipe; of values that no codec keeps so, that of the nearest one
   * @param k the logits that are kept, all of them for a dense codec
   * @param type of the values: float32, float16 or int8
   * @param available whether it is a codec: topk keeps float32 only, and float16 is what it would
   *     be
   * @param bytesPerRow of the logits alone
   * @param losses at each temperature, in the order that was asked for
   */
  record Form(
      String codec,
      int k,
      String type,
      boolean available,
      double bytesPerRow,
      List<StorageLoss> losses) {
    Form {
      losses = List.copyOf(losses);
    }

    boolean isTopk() {
      return codec.equals(TOPK);
    }

    /** Mean KL at the last of the temperatures, in nats. */
    double divergence() {
      return losses.get(losses.size() - 1).divergence();
    }
  }

  private static final String TOPK = "topk";
  private static final String FLOAT32 = "float32";
  private static final String FLOAT16 = "float16";

  LogitsAudit {
    forms = List.copyOf(forms);
    refused = List.copyOf(refused);
  }

  /**
   * Compares.
   *
   * @param kept how many logits {@code topk} keeps, ascending, each below the number of classes
   * @param temperatures ascending
   * @param folder where rows are written for a moment, to see what they take
   */
  static LogitsAudit of(
      LogitsSample sample,
      List<Integer> kept,
      List<Double> temperatures,
      Path folder,
      Configuration configuration)
      throws IOException {
    return new Comparison(sample, kept, temperatures).audit(folder, configuration);
  }

  /** The smallest k of topk whose mean KL at the largest temperature is at most the target. */
  Optional<Form> smallest(double target) {
    return forms.stream()
        .filter(form -> form.isTopk() && form.available() && form.divergence() <= target)
        .findFirst();
  }

  /** Of everything a recipe can name, what takes the fewest bytes and meets the target. */
  Optional<Form> cheapest(double target) {
    return forms.stream()
        .filter(form -> form.available() && form.divergence() <= target)
        .min(Comparator.comparingDouble(Form::bytesPerRow));
  }

  /** How one form gives a row back. */
  private interface Reader {
    /**
     * @param place of the temperature
     * @param to all logits
     * @return the mass of those that were kept
     */
    double read(int row, int place, float[] to);
  }

  private static final class Comparison {
    private final LogitsSample sample;
    private final List<Integer> kept;
    private final List<Double> temperatures;
    private final List<TopkRow> whole = new ArrayList<>();
    private final List<TopkRow> halved = new ArrayList<>();
    private final List<SignalColumn> columns = new ArrayList<>();
    private final List<float[]> values = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();

    Comparison(LogitsSample sample, List<Integer> kept, List<Double> temperatures) {
      this.sample = sample;
      this.kept = kept;
      this.temperatures = temperatures;
    }

    LogitsAudit audit(Path folder, Configuration configuration) throws IOException {
      int classes = sample.classes();
      boolean halves = holds(new Dense16());
      rank(halves);
      column(SignalColumn.LOGITS, classes, new Dense32(), sample.logits());
      if (halves) {
        column("halves", classes, new Dense16(), sample.logits());
      }
      column("bytes", classes, new Int8(), sample.logits());
      for (int k : kept) {
        column("topk_" + k, classes, new Topk(k, temperatures), sample.logits());
        if (halves) {
          column("topk_halves_" + k, k, new Dense16(), values(k));
        }
      }
      StoredSize size =
          StoredSize.of(
              new SignalSchema(columns),
              "audit",
              sample.rows(values.toArray(float[][]::new)),
              folder,
              configuration);
      List<Form> forms = new ArrayList<>();
      forms.add(dense("dense32", FLOAT32, size.bytesPerRow(SignalColumn.LOGITS), this::copied));
      if (halves) {
        forms.add(dense("dense16", FLOAT16, size.bytesPerRow("halves"), this::halves));
      }
      forms.add(dense("int8", "int8", size.bytesPerRow("bytes"), this::bytes));
      for (int k : kept) {
        forms.add(topk(k, FLOAT32, size.bytesPerRow("topk_" + k), whole));
        if (halves) {
          forms.add(topk(k, FLOAT16, halfBytes(size, k), halved));
        }
      }
      return new LogitsAudit(forms, refused);
    }

    private boolean holds(Codec codec) {
      for (int row = 0; row < sample.rows(); row++) {
        int offset = row * sample.classes();
        if (codec.refused(sample.logits(), offset, sample.classes()).isPresent()) {
          refused.add(
              "%s is left out: %s, and row '%s' has a larger one"
                  .formatted(codec.type(), codec.limit(), sample.cells().get(row).sampleId()));
          return false;
        }
      }
      return true;
    }

    private void column(String name, int width, Codec codec, float[] rows) {
      columns.add(new SignalColumn(name, List.of(width), codec));
      values.add(rows);
    }

    /**
     * The largest logits of each row, as many as the largest k. Halves have a log-sum-exp of their
     * own: beside that of the exact logits, the kept ones could have more mass than there is.
     */
    private void rank(boolean halves) {
      if (kept.isEmpty()) {
        return;
      }
      int classes = sample.classes();
      Topk codec = new Topk(kept.get(kept.size() - 1), temperatures);
      float[] rounded = new float[classes];
      for (int row = 0; row < sample.rows(); row++) {
        whole.add(TopkRow.of(sample.logits(), row * classes, classes, codec));
        if (halves) {
          halves(row, 0, rounded);
          halved.add(TopkRow.of(rounded, 0, classes, codec));
        }
      }
    }

    private float[] values(int k) {
      float[] values = new float[sample.rows() * k];
      for (int row = 0; row < sample.rows(); row++) {
        System.arraycopy(whole.get(row).values(), 0, values, row * k, k);
      }
      return values;
    }

    /** With the values of the ranks as halves instead. */
    private static double halfBytes(StoredSize size, int k) {
      double floats =
          size.columns().entrySet().stream()
              .filter(leaf -> leaf.getKey().startsWith("topk_" + k + ".ranks_"))
              .filter(leaf -> leaf.getKey().contains("." + Topk.VALUES + "."))
              .mapToLong(Map.Entry::getValue)
              .sum();
      return size.bytesPerRow("topk_" + k)
          - floats / size.rows()
          + size.bytesPerRow("topk_halves_" + k);
    }

    private Form dense(String codec, String type, double bytes, Reader reader) {
      return new Form(codec, sample.classes(), type, true, bytes, losses(reader));
    }

    private Form topk(int k, String type, double bytes, List<TopkRow> rows) {
      Reader reader =
          (row, place, to) -> {
            double temperature = temperatures.get(place);
            rows.get(row).spread(k, place, temperature, to, 0, sample.classes());
            return 1 - whole.get(row).restMass(k, place, temperature);
          };
      return new Form(TOPK, k, type, type.equals(FLOAT32), bytes, losses(reader));
    }

    private List<StorageLoss> losses(Reader reader) {
      List<StorageLoss> losses = new ArrayList<>();
      float[] read = new float[sample.classes()];
      for (int place = 0; place < temperatures.size(); place++) {
        StorageLoss loss = new StorageLoss(sample.classes(), temperatures.get(place));
        for (int row = 0; row < sample.rows(); row++) {
          double retained = reader.read(row, place, read);
          loss.add(sample.logits(), row * sample.classes(), read, retained);
        }
        losses.add(loss);
      }
      return losses;
    }

    private double copied(int row, int place, float[] to) {
      System.arraycopy(sample.logits(), row * sample.classes(), to, 0, sample.classes());
      return 1;
    }

    private double halves(int row, int place, float[] to) {
      int offset = row * sample.classes();
      byte[] encoded = Dense16.encode(sample.logits(), offset, sample.classes());
      Dense16.decode(encoded, to, 0, sample.classes());
      return 1;
    }

    private double bytes(int row, int place, float[] to) {
      int offset = row * sample.classes();
      float scale = Int8.scale(sample.logits(), offset, sample.classes());
      byte[] encoded = Int8.encode(sample.logits(), offset, sample.classes(), scale);
      Int8.decode(scale, encoded, to, 0, sample.classes());
      return 1;
    }
  }
}
