package io.lakestill.jobs;

import io.lakestill.bigdl.JobNames;
import io.lakestill.error.Errors;
import io.lakestill.export.OnnxWriter;
import io.lakestill.student.Architecture;
import io.lakestill.student.Mlp;
import io.lakestill.student.Parameters;
import io.lakestill.student.ResNet;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.teacher.OnnxFile;
import io.lakestill.teacher.OnnxModel;
import io.lakestill.teacher.TensorDescription;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Work for a teacher where there is no data at hand: rows of random bytes in Parquet, and a recipe
 * that gives them to a model. What a pass costs does not depend on what the pixels show.
 */
final class GeneratedWork {
  private static final Shape IMAGE = Shape.image(1, 28, 28);
  private static final int CLASSES = 10;
  private static final int FILES = 4;
  private static final long SEED = 1;

  /** A model that is made here, with random weights. */
  enum Teacher {
    /** He et al., 2016: 20 layers, 0.7 million weights, images of 28x28. */
    RESNET(new ResNet(20, 1.625)),
    /** Hinton, Vinyals and Dean, 2015, section 3: two hidden layers of 1,200, a cheap teacher. */
    MLP(new Mlp(List.of(1200, 1200)));

    private final Architecture architecture;

    Teacher(Architecture architecture) {
      this.architecture = architecture;
    }

    byte[] onnx() {
      Map<String, String> outputs = new TreeMap<>();
      outputs.put(StudentGraph.LOGITS, StudentGraph.LOGITS);
      outputs.put(StudentGraph.EMBEDDING, architecture.embedding());
      StudentGraph graph = new StudentGraph(IMAGE, architecture.layers(IMAGE, CLASSES), outputs);
      List<String> classes = IntStream.range(0, CLASSES).mapToObj(k -> "class" + k).toList();
      return new OnnxWriter(13).write(graph, Parameters.initial(graph, SEED), classes);
    }
  }

  private GeneratedWork() {}

  /**
   * Writes rows and recipe.
   *
   * @param folder an empty folder on this machine
   * @param file the teacher
   * @param rows how many examples
   * @return the recipe
   * @throws io.lakestill.error.LakestillException (exit 2) when it cannot be told from the model
   *     what rows it takes and which output is its logits
   */
  static Path write(SparkSession spark, Path folder, OnnxFile file, int rows) throws IOException {
    TensorDescription input;
    Map<String, TensorDescription> outputs = new TreeMap<>();
    try (OnnxModel model = OnnxModel.open(file)) {
      input = model.inputs().get(0);
      model.outputs().forEach(output -> outputs.put(output.name(), output));
    }
    List<Long> shape = input.sizes().subList(Math.min(1, input.rank()), input.rank());
    TensorDescription logits = logits(file, outputs);
    if (!(shape.size() == 1 || shape.size() == 3) || shape.stream().anyMatch(size -> size < 1)) {
      throw Errors.badRecipe(
          ("Rows for '%s' cannot be made up: its input is %s, not [batch, width] or [batch,"
                  + " channels, height, width] of known sizes; bench it by a recipe with data of"
                  + " its own.")
              .formatted(file.origin(), input));
    }
    int classes = Math.toIntExact(logits.sizes().get(1));
    int width = Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
    Files.write(folder.resolve("teacher.onnx"), file.bytes());
    Path table = folder.resolve("rows.parquet");
    rows(spark, table, rows, width, classes);
    Path recipe = folder.resolve("bench.conf");
    Files.writeString(recipe, recipe(folder, shape, classes, logits, outputs));
    return recipe;
  }

  private static TensorDescription logits(OnnxFile file, Map<String, TensorDescription> outputs) {
    return Optional.ofNullable(outputs.get("logits"))
        .or(() -> outputs.values().stream().filter(output -> output.rank() == 2).findFirst())
        .filter(output -> output.rank() == 2 && output.sizes().get(1) >= 2)
        .orElseThrow(
            () ->
                Errors.badRecipe(
                    ("'%s' has no output [batch, classes], it has %s; bench it by a recipe that"
                            + " says what its logits are.")
                        .formatted(file.origin(), outputs.values())));
  }

  private static void rows(SparkSession spark, Path table, int rows, int width, int classes) {
    StructType columns =
        new StructType()
            .add("sample_id", DataTypes.StringType)
            .add("label", DataTypes.IntegerType)
            .add("pixels", DataTypes.BinaryType);
    new JobNames(spark.sparkContext()).now("make up rows");
    spark
        .createDataFrame(
            spark
                .range(0, rows, 1, FILES)
                .toJavaRDD()
                .map(
                    id -> {
                      byte[] pixels = new byte[width];
                      new Random(id).nextBytes(pixels);
                      return RowFactory.create("row-" + id, (int) (id % classes), pixels);
                    }),
            columns)
        .write()
        .parquet(table.toUri().toString());
  }

  private static String recipe(
      Path folder,
      List<Long> shape,
      int classes,
      TensorDescription logits,
      Map<String, TensorDescription> outputs) {
    List<String> signals = new ArrayList<>();
    signals.add("logits = " + quoted(logits.name()));
    if (outputs.containsKey("embedding")) {
      signals.add("embedding = embedding");
    }
    return """
    name = generated
    output = %s
    data {
      train = %s, test = ${data.train}
      classes = [%s]
      features { columns = [pixels], encoding = uint8, shape = %s, scale = 0.00392156862745098 }
    }
    teacher { id = teacher, onnx = %s, outputs { %s }, check.accuracy-floor = 0 }
    signals.codecs.logits = dense16
    student { architecture = mlp }
    train.objectives = [{ type = kd-kl }]
    """
        .formatted(
            quoted(folder.resolve("out").toString()),
            quoted(folder.resolve("rows.parquet").toString()),
            String.join(", ", IntStream.range(0, classes).mapToObj(k -> "\"" + k + "\"").toList()),
            shape,
            quoted(folder.resolve("teacher.onnx").toString()),
            String.join(", ", signals));
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }
}
