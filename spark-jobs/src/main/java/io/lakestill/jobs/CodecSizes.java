package io.lakestill.jobs;

import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.StoredSize;
import io.lakestill.signal.codec.Codec;
import io.lakestill.signal.codec.Topk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * What signals take by each codec, as rows that were written so say.
 *
 * @param own bytes a row of key, hash, label and summary
 * @param ownParts columns of the file these are
 * @param restPerPart bytes of a file beside its rows, for each of its columns
 * @param signals what each signal takes by each codec that can hold it, by the codec's name; {@code
 *     topk} with its k
 */
record CodecSizes(double own, int ownParts, double restPerPart, List<Map<String, Taken>> signals) {

  /**
   * @param bytesPerRow of the signal
   * @param parts columns of the file it is
   */
  record Taken(double bytesPerRow, int parts) {}

  /**
   * Writes the rows once with every signal by every codec.
   *
   * @param widths of the signals, logits first
   * @param codecs to try for each
   * @param folder where the file is for a moment
   */
  static CodecSizes of(
      TrialRows rows,
      List<Integer> widths,
      List<List<Codec>> codecs,
      Path folder,
      Configuration configuration)
      throws IOException {
    List<SignalColumn> columns = new ArrayList<>();
    List<Integer> sources = new ArrayList<>();
    List<Map<String, String>> names = new ArrayList<>();
    for (int s = 0; s < widths.size(); s++) {
      Map<String, String> named = new LinkedHashMap<>();
      for (Codec codec : codecs.get(s)) {
        if (columns.isEmpty() || holds(codec, rows.signals()[s], widths.get(s))) {
          String name = columns.isEmpty() ? SignalColumn.LOGITS : "c" + columns.size();
          columns.add(new SignalColumn(name, List.of(widths.get(s)), codec));
          sources.add(s);
          named.put(name(codec), name);
        }
      }
      names.add(named);
    }
    StoredSize size =
        StoredSize.of(new SignalSchema(columns), "plan", rows.rows(sources), folder, configuration);
    int signalParts = columns.stream().mapToInt(column -> size.parts(column.name())).sum();
    return new CodecSizes(
        size.ownBytesPerRow(),
        size.columns().size() - signalParts,
        size.restPerPart(),
        names.stream().map(named -> taken(named, size)).toList());
  }

  private static Map<String, Taken> taken(Map<String, String> named, StoredSize size) {
    Map<String, Taken> taken = new LinkedHashMap<>();
    named.forEach(
        (codec, column) ->
            taken.put(codec, new Taken(size.bytesPerRow(column), size.parts(column))));
    return taken;
  }

  private static boolean holds(Codec codec, float[] values, int width) {
    for (int offset = 0; offset < values.length; offset += width) {
      if (codec.refused(values, offset, width).isPresent()) {
        return false;
      }
    }
    return true;
  }

  /** What the page calls a codec. */
  static String name(Codec codec) {
    return codec instanceof Topk topk ? "topk " + topk.k() : codec.type();
  }

  /**
   * The bytes of a table.
   *
   * @param taken how each signal is stored
   * @param rows of all files
   * @param files which have a footer each
   */
  double bytes(List<Taken> taken, long rows, long files) {
    int parts = ownParts + taken.stream().mapToInt(Taken::parts).sum();
    return rows * (own + taken.stream().mapToDouble(Taken::bytesPerRow).sum())
        + files * parts * restPerPart;
  }
}
