package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.BestBy;
import io.lakestill.recipe.CoverageSettings;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.ModelRole;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.RecipeLayer;
import io.lakestill.recipe.RecipeReader;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.signal.SignalTable;
import io.lakestill.train.CheckpointManifest;
import io.lakestill.train.Epoch;
import io.lakestill.train.FirstStep;
import io.lakestill.train.TermReport;
import io.lakestill.train.TrainingProgress;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The recipe of each method, laid over one about digits and trained for a few batches. */
class MethodRecipesTest {
  private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  private static final Path METHODS = HOME.resolve("conf/recipes/methods");
  private static final Path COMPARED = HOME.resolve("conf/recipes/methods-fashion-mnist.conf");

  /** With the names that the methods ask for, as {@code methods-fashion-mnist.conf} has them. */
  private static final String DIGITS =
      """
      name = methods-digits
      output = out
      data {
        train = ${lakestill.home}/conf/quickstart/digits.parquet
        train-where = "split = 'train' and sample_id < 'digits-0360'"
        validation = ${data.train}
        validation-where = "split = 'valid' and sample_id < 'digits-0360'"
        test = ${data.train}
        test-where = "split = 'test'"
        classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
        features { columns = [pixels], shape = [1, 8, 8], scale = 0.0625 }
      }
      student {
        layers = [
          { type = convolution, channels = 4, kernel = 3, stride = 2, padding = 1 }
          { type = relu }
          { type = convolution, channels = 8, kernel = 3, stride = 2, padding = 1 }
          { type = relu }
          { type = flatten }
          { type = linear, width = 16 }
          { type = relu }
          { type = linear, width = 10 }
        ]
        outputs { map_1 = relu1, map_2_linear = convolution2, map_2 = relu2, embedding = relu3 }
      }
      train {
        objectives = [{ type = cross-entropy }]
        epochs = 1
        batch = 64
        optimizer { learning-rate = 1e-3 }
      }
      """;

  private static final String TEACHER =
      """
      teacher {
        id = first
        graph {
          layers = [
            { type = convolution, channels = 8, kernel = 3, stride = 2, padding = 1 }
            { type = relu }
            { type = convolution, channels = 16, kernel = 3, stride = 2, padding = 1 }
            { type = relu }
            { type = flatten }
            { type = linear, width = 32 }
            { type = relu }
            { type = linear, width = 10 }
          ]
          outputs { map_1 = relu1, map_2 = relu2, embedding = relu3 }
        }
        outputs { logits = logits, embedding = embedding, map_1 = map_1, map_2 = map_2 }
        train {
          objectives = [{ type = cross-entropy }]
          epochs = 4
          batch = 64
          optimizer { learning-rate = 1e-2 }
        }
      }
      """;

  /** The teacher that was trained, and the same one with other glasses. */
  private static final String TWO_TEACHERS =
      """
      teachers = [
        { id = first, onnx = "%1$s", outputs { logits = logits } }
        { id = second, onnx = "%1$s", outputs { logits = logits }
          normalise { mean = [0.1], deviation = [0.8] } }
      ]
      """;

  /** What the teacher of Fashion-MNIST says of an image. */
  private static final Map<String, List<Integer>> FASHION_SIGNALS =
      Map.of(
          "teacher.logits", List.of(10),
          "teacher.embedding", List.of(128),
          "teacher.map_1", List.of(64, 14, 14),
          "teacher.map_2", List.of(128, 7, 7));

  /** Ba and Caruana regress logits and use no labels. */
  private static final Set<String> WITHOUT_LABELS = Set.of("logits-mse");

  private static final Pattern INPUT = Pattern.compile("\\b(logits|embedding|map_[12])\\b");

  @TempDir private static Path folder;
  private static SparkSession spark;
  private static String twoTeachers;

  @BeforeAll
  static void teachOnce() {
    spark = LocalSession.open();
    teach(blueprint(TEACHER, Optional.empty()), "one");
    Path onnx = folder.resolve("one/teacher/teacher.onnx");
    twoTeachers = TWO_TEACHERS.formatted(onnx);
    teach(blueprint(twoTeachers, Optional.empty()), "two");
  }

  private static void teach(Blueprint blueprint, String name) {
    Console silent =
        new Console(
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8), false);
    new Pipeline(
            spark,
            blueprint,
            output(name),
            silent,
            new StageLog(silent),
            JsonNodeFactory.instance.objectNode(),
            name)
        .run(Stage.TEACH);
  }

  private static OutputFolder output(String name) {
    return OutputFolder.of(folder.resolve(name).toUri().toString(), spark);
  }

  private static Blueprint blueprint(String teacher, Optional<Path> method) {
    List<RecipeLayer> layers = new ArrayList<>();
    layers.add(new RecipeLayer("digits.conf", HOME.toString(), DIGITS));
    layers.add(new RecipeLayer("teacher.conf", HOME.toString(), teacher));
    method.map(MethodRecipesTest::small).ifPresent(layers::add);
    return blueprint(layers);
  }

  private static RecipeLayer layer(Path file) {
    return new RecipeLayer(file.getFileName().toString(), HOME.toString(), text(file));
  }

  /** The method's recipe with a queue that is shorter than a worker's few digits. */
  private static RecipeLayer small(Path file) {
    String few = text(file).replace("queue-size = 4096", "queue-size = 16");
    return new RecipeLayer(file.getFileName().toString(), HOME.toString(), few);
  }

  private static Blueprint blueprint(List<RecipeLayer> layers) {
    String home = HOME.toString();
    Problems problems = new Problems();
    Optional<Blueprint> blueprint =
        new RecipeReader(home, home)
            .draft(layers, List.of(), problems)
            .flatMap(draft -> Blueprint.of(draft, problems));
    problems.throwIfAny(layers.get(layers.size() - 1).name());
    return blueprint.orElseThrow();
  }

  /** The method's recipe over the digits, with as many teachers as it needs. */
  private static Blueprint blueprint(String method) {
    Path file = METHODS.resolve(method + ".conf");
    return blueprint(ofSeveral(file) ? twoTeachers : TEACHER, Optional.of(file));
  }

  private static boolean ofSeveral(Path method) {
    return text(method).contains("at least two teachers");
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<String> methods() throws IOException {
    try (Stream<Path> files = Files.list(METHODS)) {
      return files
          .map(file -> file.getFileName().toString().replaceFirst("\\.conf$", ""))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void trainsWithFiniteLosses(String method) {
    Blueprint blueprint = blueprint(method);

    FirstSteps first = new FirstSteps();
    Epoch epoch = train(blueprint, method, first).history().best(BestBy.ACCURACY);

    Set<String> terms =
        blueprint.student().objectives().terms().stream()
            .map(WeightedTerms.Term::name)
            .collect(Collectors.toSet());
    assertThat(epoch.trainingTerms().keySet())
        .allSatisfy(name -> assertThat(terms).anyMatch(name::startsWith))
        .hasSize(blueprint.student().objectives().terms().size());
    assertThat(epoch.trainingTerms()).allSatisfy((name, loss) -> assertThat(loss).isFinite());
    assertThat(epoch.trainingLoss()).isFinite();
    assertThat(first.terms).hasSize(blueprint.student().objectives().terms().size());
    assertThat(first.terms)
        .filteredOn(term -> term.weight() > 0)
        .isNotEmpty()
        .allSatisfy(term -> assertThat(term.gradientNorm()).as(term.name()).isPositive());
  }

  /** Keeps what the terms did at the first step. */
  private static final class FirstSteps implements TrainingProgress {
    private List<TermReport> terms = List.of();

    @Override
    public void firstStep(FirstStep report) {
      terms = report.terms();
    }

    @Override
    public void step(Step step) {}

    @Override
    public void epoch(Epoch epoch) {}
  }

  private static CheckpointManifest train(
      Blueprint blueprint, String method, TrainingProgress progress) {
    DataSettings data = blueprint.recipe().data();
    String taught = blueprint.recipe().teachers().size() > 1 ? "two" : "one";
    List<SignalSource> signals =
        blueprint.teachers().stream().map(teacher -> said(blueprint, taught, teacher)).toList();
    return new TrainJob(
            data,
            blueprint.features(),
            blueprint.student(),
            ModelRole.STUDENT,
            1,
            signals,
            output(method).checkpoint(ModelRole.STUDENT, 1),
            output(method).tensorBoard(ModelRole.STUDENT, 1))
        .run(spark, progress)
        .value();
  }

  private static SignalSource said(Blueprint blueprint, String taught, TeacherPlan teacher) {
    TeacherFiles files =
        new TeacherFiles(blueprint, output(taught), spark.sessionState().newHadoopConf());
    return new SignalSource(
        table(taught, teacher.settings()),
        seen(blueprint.recipe().data(), teacher.settings()),
        CoverageSettings.COMPLETE,
        Optional.of(new TeacherWeights(() -> files.of(teacher), teacher.settings().outputs())));
  }

  private static SignalTable table(String taught, TeacherSettings teacher) {
    return new SignalTable(
        output(taught).signals(teacher.id()), spark.sessionState().newHadoopConf());
  }

  private static FeaturePipeline seen(DataSettings data, TeacherSettings teacher) {
    FeatureSettings features =
        teacher.normalisation().map(data.features()::normalisedBy).orElse(data.features());
    return FeaturePipeline.read(features, data.views()).orElseThrow();
  }

  @ParameterizedTest
  @MethodSource("methods")
  void needsOfATeacherWhatItsCommentSays(String method) {
    String comment = text(METHODS.resolve(method + ".conf")).split("\n\n")[0];
    String said = comment.replace("\n#", "").replaceFirst(".* Needs ", "");
    Set<String> needed = new TreeSet<>();
    blueprint(method)
        .student()
        .objectives()
        .requires()
        .teacher()
        .forEach(signal -> needed.add(signal.replaceFirst("\\.\\*$", "")));

    assertThat(INPUT.matcher(said).results().map(MatchResult::group))
        .as(said)
        .containsExactlyInAnyOrderElementsOf(needed);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void suitsTheRecipeThatMethodsAreComparedOn(String method) {
    Path file = METHODS.resolve(method + ".conf");
    List<RecipeLayer> layers = new ArrayList<>(List.of(layer(COMPARED), layer(file)));
    if (ofSeveral(file)) {
      layers.add(1, new RecipeLayer("two.conf", HOME.toString(), "teacher = null\n" + twoTeachers));
    }

    Blueprint blueprint = blueprint(layers);

    Map<String, List<Integer>> shapes = new HashMap<>(FASHION_SIGNALS);
    blueprint
        .student()
        .graph()
        .outputs()
        .forEach(
            (output, name) ->
                shapes.put(
                    "student." + output, blueprint.student().graph().outputShape(output).sizes()));
    WeightedTerms objectives = blueprint.student().objectives();
    Set<String> own = new TreeSet<>(objectives.requires().others());
    objectives.classifiers().forEach(last -> own.removeAll(List.of(last.weight(), last.bias())));
    assertThat(objectives.equip(new Dimensions(64, 27_000, 10, shapes)).names())
        .containsExactlyInAnyOrderElementsOf(own);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void learnsFromLabelsToo(String method) {
    if (!WITHOUT_LABELS.contains(method)) {
      assertThat(blueprint(method).student().objectives().requires().labels()).isTrue();
    }
  }
}
