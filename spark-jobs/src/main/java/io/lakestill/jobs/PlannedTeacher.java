package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.recipe.ProjectionSettings;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.codec.Codec;
import io.lakestill.signal.codec.Dense16;
import io.lakestill.signal.codec.Dense32;
import io.lakestill.signal.codec.Int8;
import io.lakestill.signal.codec.Topk;
import io.lakestill.teacher.OnnxFile;
import io.lakestill.teacher.SignalOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * What is known of a teacher before it speaks.
 *
 * @param plan the teacher
 * @param signals logits first
 * @param file its model, where it is one that exists
 * @param timing how fast it is, if it was timed
 * @param sizes what the signals of known width take, in their order
 */
record PlannedTeacher(
    TeacherPlan plan,
    List<Signal> signals,
    Optional<OnnxFile> file,
    Optional<TeacherTiming> timing,
    CodecSizes sizes) {
  private static final int TRIAL_ROWS = 4096;
  private static final int TRIAL_VALUES = 1 << 23;
  private static final List<Integer> KEPT = List.of(4, 8, 16, 32);

  /**
   * @param name of the signal
   * @param shape of one row, if anything says it
   * @param from what says it
   * @param codec how the recipe stores it
   */
  record Signal(String name, Optional<List<Integer>> shape, String from, Codec codec) {
    OptionalInt width() {
      return shape
          .map(sizes -> OptionalInt.of(sizes.stream().reduce(1, this::times)))
          .orElse(OptionalInt.empty());
    }

    private int times(int one, int other) {
      long product = (long) one * other;
      if (product > Integer.MAX_VALUE) {
        throw Errors.badInput(
            ("Signal '%s' has the shape %s by %s, more than %d values a row, which no row can have;"
                    + " name another tensor, or correct the shape.")
                .formatted(name, shape.orElseThrow(), from, Integer.MAX_VALUE));
      }
      return (int) product;
    }
  }

  /** What planning a teacher needs. */
  record Means(
      SparkSession spark,
      Recipe recipe,
      PlanWishes wishes,
      PlannedRows rows,
      TeacherFiles files,
      Path folder) {
    Configuration configuration() {
      return spark.sessionState().newHadoopConf();
    }

    long tasks() {
      int each = recipe.signals().rowsPerTask();
      return (rows.signals() + each - 1) / each;
    }
  }

  /**
   * Finds out what can be known; a model is run only to be timed.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when its file cannot be read, or, when
   *     it is timed, does not fit the recipe
   */
  static PlannedTeacher of(TeacherPlan plan, Means means) throws IOException {
    TeacherSettings settings = plan.settings();
    Optional<OnnxFile> file = means.files().given(plan);
    Optional<TeacherTiming> timing =
        means.wishes().times(plan) && file.isPresent()
            ? Optional.of(timed(plan, file.get(), means))
            : Optional.empty();
    List<Signal> signals =
        settings.outputs().keySet().stream()
            .sorted(
                Comparator.comparing((String name) -> !name.equals(SignalColumn.LOGITS))
                    .thenComparing(name -> name))
            .map(name -> signal(name, plan, file, timing, means))
            .toList();
    return new PlannedTeacher(plan, signals, file, timing, sizes(signals, timing, means));
  }

  private static TeacherTiming timed(TeacherPlan plan, OnnxFile file, Means means)
      throws IOException {
    int rows = means.wishes().sample();
    List<Row> examples =
        TrialRows.examples(
            means.spark(),
            means.recipe().data(),
            List.of(plan.features()),
            means.tasks(),
            (rows - 1) / means.rows().views() + 1);
    return TeacherTiming.of(
        means.recipe(), plan, file, examples, rows, means.folder(), means.configuration());
  }

  private static Signal signal(
      String name,
      TeacherPlan plan,
      Optional<OnnxFile> file,
      Optional<TeacherTiming> timing,
      Means means) {
    Codec codec = Codec.of(means.recipe().signals().codecs(), name);
    String tensor = plan.settings().outputs().get(name);
    Map<String, Optional<List<Integer>>> sources = new LinkedHashMap<>();
    ProjectionSettings projection = means.recipe().signals().projections().get(name);
    sources.put("signals.project", Optional.ofNullable(projection).map(made -> List.of(made.to())));
    sources.put(
        "the timed pass",
        timing.flatMap(
            pass ->
                pass.outputs().stream()
                    .filter(output -> output.signal().equals(name))
                    .map(SignalOutput::shape)
                    .findFirst()));
    sources.put(
        "--width", means.wishes().width(plan.id(), name).stream().mapToObj(List::of).findFirst());
    sources.put(
        "data.classes",
        name.equals(SignalColumn.LOGITS)
            ? Optional.of(List.of(means.recipe().data().classes().size()))
            : Optional.empty());
    sources.put(
        "the teacher's graph",
        plan.training().map(made -> made.graph().outputShape(tensor).sizes()));
    sources.put("the ONNX file", file.flatMap(model -> model.declaredRowShape(tensor)));
    return sources.entrySet().stream()
        .filter(source -> source.getValue().isPresent())
        .findFirst()
        .map(source -> new Signal(name, source.getValue(), source.getKey(), codec))
        .orElseGet(() -> new Signal(name, Optional.empty(), "nothing", codec));
  }

  /** The signals of known width, whose places are those of {@link CodecSizes#signals}. */
  List<Signal> known() {
    return known(signals);
  }

  private static List<Signal> known(List<Signal> signals) {
    return signals.stream().filter(signal -> signal.shape().isPresent()).toList();
  }

  private static CodecSizes sizes(List<Signal> signals, Optional<TeacherTiming> timing, Means means)
      throws IOException {
    List<Signal> known = known(signals);
    List<Integer> widths = known.stream().map(signal -> signal.width().orElseThrow()).toList();
    TrialRows rows =
        timing.isPresent() ? timing.get().said().ofWidths(widths) : assumed(widths, means);
    return CodecSizes.of(
        rows,
        widths,
        known.stream().map(signal -> codecs(signal, means.recipe())).toList(),
        means.folder(),
        means.configuration());
  }

  private static TrialRows assumed(List<Integer> widths, Means means) {
    long values = widths.stream().mapToLong(Integer::longValue).sum();
    if (values > TRIAL_VALUES) {
      throw Errors.badRecipe(
          "The signals have %d values a row, which is more than a plan can try to store."
              .formatted(values));
    }
    int views = means.rows().views();
    int atMost = (int) Math.min(TRIAL_ROWS, TRIAL_VALUES / values);
    List<Row> examples =
        TrialRows.examples(
            means.spark(),
            means.recipe().data(),
            List.of(),
            means.tasks(),
            (atMost - 1) / views + 1);
    return TrialRows.assumed(examples, views, widths, atMost);
  }

  /** The recipe's own, and the others a signal could have. */
  private static List<Codec> codecs(Signal signal, Recipe recipe) {
    List<Codec> codecs = new ArrayList<>(List.of(new Dense32(), new Dense16(), new Int8()));
    if (signal.name().equals(SignalColumn.LOGITS)) {
      int classes = signal.width().orElseThrow();
      List<Double> temperatures = recipe.signals().codecs().topk().temperatures();
      IntStream own = signal.codec() instanceof Topk topk ? IntStream.of(topk.k()) : IntStream.of();
      Stream.concat(KEPT.stream().filter(k -> k < classes), own.boxed())
          .distinct()
          .sorted()
          .forEach(k -> codecs.add(new Topk(k, temperatures)));
    }
    return codecs;
  }

  /** Values of one row of all signals, as far as they are known. */
  long values() {
    return known().stream().mapToLong(signal -> signal.width().orElseThrow()).sum();
  }
}
