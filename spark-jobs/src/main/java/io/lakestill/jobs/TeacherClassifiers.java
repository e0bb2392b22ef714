package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;

import io.lakestill.error.Errors;
import io.lakestill.jobs.TeacherSignals.Source;
import io.lakestill.objective.Classifier;
import io.lakestill.objective.Given;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.codec.Topk;
import io.lakestill.teacher.OnnxFile;
import io.lakestill.teacher.OnnxLinear;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The last layers of teachers for the terms that compute with them. A signal table holds none, so
 * they are read from the file of the model that the table was taught by, and from no other.
 *
 * @param sources the recipe's teachers in its order
 * @param taught what they said
 */
record TeacherClassifiers(List<SignalSource> sources, Taught taught) {
  private static final int ROWS = 64;

  /** Part of the logits' spread that codecs may take from what a layer makes of features. */
  private static final double TOLERANCE = 0.05;

  /**
   * The same loss with these layers as constants.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when a teacher has no such layer, or its
   *     file is not the one that was asked for the signals
   */
  WeightedTerms given(WeightedTerms loss) {
    return loss.classifiers().stream().allMatch(Classifier::ofStudent)
        ? loss
        : new WeightedTerms(loss.terms().stream().map(this::given).toList());
  }

  private WeightedTerms.Term given(WeightedTerms.Term term) {
    Map<String, Tensor> constants = new TreeMap<>();
    for (Classifier classifier : term.objective().classifiers()) {
      if (!classifier.ofStudent()) {
        OnnxLinear layer = layer(source(classifier));
        int[] shape = {layer.out(), layer.in()};
        constants.put(classifier.weight(), new Tensor(shape, layer.weight()));
        layer
            .bias()
            .ifPresent(
                bias ->
                    constants.put(classifier.bias(), new Tensor(new int[] {layer.out()}, bias)));
      }
    }
    return constants.isEmpty()
        ? term
        : new WeightedTerms.Term(
            term.name(), term.weight(), new Given(term.objective(), constants));
  }

  private Source source(Classifier classifier) {
    return taught
        .source(classifier.source())
        .orElseThrow(
            () ->
                Errors.badInput(
                    "The signals in %s have no '%s', whose teacher's last layer the loss needs."
                        .formatted(taught.tables(), classifier.source())));
  }

  private OnnxLinear layer(Source source) {
    SignalVersion version = taught.versions().get(source.teacher());
    SignalManifest manifest = version.manifest();
    String id = manifest.teacher().id();
    TeacherWeights weights =
        sources
            .get(source.teacher())
            .weights()
            .orElseThrow(
                () ->
                    Errors.badInput(
                        ("The loss needs the weights of teacher '%s', which is no model here but"
                                + " only what one said; name its model, or leave the term out.")
                            .formatted(id)));
    OnnxFile file = weights.file().get();
    if (!file.sha256().equals(manifest.teacher().sha256())) {
      throw Errors.badInput(
          ("The loss needs the weights of teacher '%s', but '%s' is not the model that version %d"
                  + " of the signals in '%s' was taught by (SHA-256 %s, not %s); name that model,"
                  + " or run teach again.")
              .formatted(
                  id,
                  file.origin(),
                  manifest.version(),
                  version.table().root(),
                  file.sha256(),
                  manifest.teacher().sha256()));
    }
    OnnxLinear layer = weights.lastLayer(file, source.column());
    requireWidth(layer, file, manifest.column(source.column()));
    return layer;
  }

  private static void requireWidth(OnnxLinear layer, OnnxFile file, SignalColumn features) {
    if (features.projection().isPresent() || features.width() != layer.in()) {
      throw Errors.badInput(
          ("The last layer of '%s' reads %d values, and '%s' is stored as %d; the term that needs"
                  + " the layer needs them as the teacher said them: run teach again without"
                  + " projecting them, or leave the term out.")
              .formatted(file.origin(), layer.in(), features.name(), features.width()));
    }
  }

  /**
   * The layers make of stored features the stored logits, as far as their codecs tell. Where logits
   * are stored by {@code topk} nothing is compared.
   *
   * @param classifiers of the loss
   * @throws io.lakestill.error.LakestillException (exit 3) when one does not
   */
  void requireTrue(SparkSession spark, List<Classifier> classifiers) {
    for (Classifier classifier : classifiers) {
      if (!classifier.ofStudent()) {
        requireTrue(spark, source(classifier));
      }
    }
  }

  private void requireTrue(SparkSession spark, Source source) {
    SignalVersion version = taught.versions().get(source.teacher());
    SignalColumn features = version.manifest().column(source.column());
    SignalColumn logits = version.manifest().column(SignalColumn.LOGITS);
    if (logits.codec() instanceof Topk) {
      return;
    }
    Dataset<Row> rows = version.rows(spark);
    for (SignalColumn column : List.of(features, logits)) {
      rows = SignalCell.readable(rows, column, Optional.empty());
    }
    List<Row> some =
        rows.select(col(features.name()), col(logits.name())).limit(ROWS).collectAsList();
    Comparison compared = Comparison.of(layer(source), some);
    if (compared.difference() > TOLERANCE * compared.spread() + 1e-3) {
      throw Errors.badInput(
          ("The last layer of teacher '%s' does not make the logits of version %d in '%s' of '%s':"
                  + " over %d rows they differ by %.3g (root of the mean square), and vary by %.3g;"
                  + " correct the teacher's outputs and run teach again, or leave the term out.")
              .formatted(
                  version.manifest().teacher().id(),
                  version.manifest().version(),
                  version.table().root(),
                  features.name(),
                  some.size(),
                  compared.difference(),
                  compared.spread()));
    }
  }

  /**
   * Stored logits and those a layer makes.
   *
   * @param difference the root of the mean of the squared differences
   * @param spread the deviation of the stored ones from their mean
   */
  private record Comparison(double difference, double spread) {
    static Comparison of(OnnxLinear layer, List<Row> rows) {
      double squares = 0;
      double sum = 0;
      double sumOfSquares = 0;
      for (Row row : rows) {
        List<Float> features = row.getList(0);
        List<Float> logits = row.getList(1);
        for (int c = 0; c < layer.out(); c++) {
          double difference = logits.get(c) - logit(layer, features, c);
          squares += difference * difference;
          sum += logits.get(c);
          sumOfSquares += (double) logits.get(c) * logits.get(c);
        }
      }
      double count = Math.max(1, (double) rows.size() * layer.out());
      double mean = sum / count;
      return new Comparison(
          Math.sqrt(squares / count), Math.sqrt(Math.max(0, sumOfSquares / count - mean * mean)));
    }

    private static double logit(OnnxLinear layer, List<Float> features, int c) {
      double logit = layer.bias().map(bias -> (double) bias[c]).orElse(0.0);
      for (int d = 0; d < layer.in(); d++) {
        logit += (double) layer.weight()[c * layer.in() + d] * features.get(d);
      }
      return logit;
    }
  }
}
