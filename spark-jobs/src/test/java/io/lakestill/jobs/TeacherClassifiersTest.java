package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.export.Bundle;
import io.lakestill.objective.Classifier;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.CoverageSettings;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.ModelRole;
import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.signal.SignalTable;
import io.lakestill.teacher.OnnxFile;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.CheckpointManifest;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A loss that computes with the last layers of student and teacher, from recipe to bundle. */
class TeacherClassifiersTest {
  private static final String TEACHER =
      "teacher={onnx=null,id=t,outputs{embedding=embedding},graph{architecture=mlp,hidden=[16]},"
          + "train{objectives=[{type=cross-entropy}],epochs=2,batch=64}}";
  private static final String LOSS =
      "train.objectives=[{type=cross-entropy},"
          + "{type=crcd-gradient-cosine,projection=linear,weight=1}]";
  private static final List<String> FEW = List.of("data.views.count=1", "train.epochs=2");

  @TempDir private static Path folder;
  private static SparkSession spark;

  @BeforeAll
  static void teachOnce() {
    spark = Digits.spark();
    run(blueprint(), "dense", Stage.TEACH);
  }

  private static Blueprint blueprint(String... more) {
    List<String> overrides = new ArrayList<>(FEW);
    overrides.add(TEACHER);
    overrides.add(LOSS);
    overrides.addAll(List.of(more));
    return Digits.blueprint(overrides.toArray(String[]::new));
  }

  private static OutputFolder output(String name) {
    return OutputFolder.of(folder.resolve(name).toUri().toString(), spark);
  }

  private static Configuration configuration() {
    return spark.sessionState().newHadoopConf();
  }

  private static void run(Blueprint blueprint, String name, Stage... stages) {
    Console silent =
        new Console(
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8), false);
    Pipeline pipeline =
        new Pipeline(
            spark,
            blueprint,
            output(name),
            silent,
            new StageLog(silent),
            JsonNodeFactory.instance.objectNode(),
            name);
    for (Stage stage : stages) {
      pipeline.run(stage);
    }
  }

  private static OnnxFile model(Blueprint blueprint, String name) {
    return new TeacherFiles(blueprint, output(name), configuration())
        .of(blueprint.teachers().get(0));
  }

  private static TeacherClassifiers classifiers(String name, Optional<OnnxFile> model) {
    Blueprint blueprint = blueprint();
    TeacherPlan teacher = blueprint.teachers().get(0);
    DataSettings data = blueprint.recipe().data();
    SignalSource source =
        new SignalSource(
            new SignalTable(output(name).signals("t"), configuration()),
            teacher.pipeline(data),
            CoverageSettings.COMPLETE,
            model.map(file -> new TeacherWeights(() -> file, teacher.settings().outputs())));
    return new TeacherClassifiers(
        List.of(source),
        Taught.current(List.of(source), data, blueprint.student().objectives().requires()));
  }

  @Test
  void givesALossTheLayerThatMadeItsSignals() {
    WeightedTerms loss = blueprint().student().objectives();
    TeacherClassifiers classifiers = classifiers("dense", Optional.of(model(blueprint(), "dense")));

    WeightedTerms given = classifiers.given(loss);

    assertThat(given.classifiers())
        .containsExactly(new Classifier("student_classifier/1", "student.embedding"));
    assertThat(given.requires().others())
        .containsExactlyInAnyOrder(
            "weight.student_classifier/1",
            "bias.student_classifier/1",
            "weight.gradient_projection/1");
    assertThatCode(() -> classifiers.requireTrue(spark, loss.classifiers()))
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{embedding=int8,logits=int8}", "{logits=topk}"})
  void whatACodecTakesIsNoDifference(String codecs) {
    String name = "codecs-" + codecs.hashCode();
    run(blueprint("signals.codecs=" + codecs, "signals.topk.k=3"), name, Stage.TEACH);
    TeacherClassifiers classifiers = classifiers(name, Optional.of(model(blueprint(), name)));

    assertThatCode(
            () -> classifiers.requireTrue(spark, blueprint().student().objectives().classifiers()))
        .doesNotThrowAnyException();
  }

  @Test
  void refusesALayerThatDoesNotMakeTheLogits() {
    OnnxFile model = model(blueprint(), "dense");
    OnnxFile other = new OnnxFile(model.origin(), halved(model.bytes()), model.sha256());
    TeacherClassifiers classifiers = classifiers("dense", Optional.of(other));

    assertRefused(
        () -> classifiers.requireTrue(spark, blueprint().student().objectives().classifiers()),
        "The last layer of teacher 't' does not make the logits of version 1 in",
        "of 'embedding': over 64 rows they differ by",
        "correct the teacher's outputs and run teach again, or leave the term out.");
  }

  /** The same model with half of each number. */
  private static byte[] halved(byte[] model) {
    try {
      ModelProto.Builder builder = ModelProto.parseFrom(model).toBuilder();
      for (TensorProto.Builder tensor : builder.getGraphBuilder().getInitializerBuilderList()) {
        ByteBuffer raw =
            ByteBuffer.wrap(tensor.getRawData().toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer half = ByteBuffer.allocate(raw.capacity()).order(ByteOrder.LITTLE_ENDIAN);
        while (raw.hasRemaining()) {
          half.putFloat(raw.getFloat() / 2);
        }
        tensor.setRawData(ByteString.copyFrom(half.array()));
      }
      return builder.build().toByteArray();
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("The bundle's model is not ONNX", e);
    }
  }

  @Test
  void refusesAModelThatTheSignalsAreNotOf() {
    OnnxFile model = model(blueprint(), "dense");
    TeacherClassifiers classifiers =
        classifiers("dense", Optional.of(new OnnxFile("other.onnx", model.bytes(), "beef")));

    assertRefused(
        () -> classifiers.given(blueprint().student().objectives()),
        "The loss needs the weights of teacher 't', but 'other.onnx' is not the model that version"
            + " 1 of the signals in",
        "(SHA-256 beef, not " + model.sha256() + "); name that model, or run teach again.");
  }

  @Test
  void refusesATeacherThatIsOnlyWhatItSaid() {
    TeacherClassifiers classifiers = classifiers("dense", Optional.empty());

    assertRefused(
        () -> classifiers.given(blueprint().student().objectives()),
        "The loss needs the weights of teacher 't', which is no model here but only what one said;"
            + " name its model, or leave the term out.");
  }

  private static void assertRefused(ThrowingCallable call, String... parts) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContainingAll(parts);
  }

  @Test
  void saysAtTheTermsLineThatTheStudentHasNoSuchLayer() {
    Problems problems = new Problems();
    Digits.blueprint(
        problems,
        TEACHER,
        LOSS,
        "student=null",
        "student={layers=[{type=flatten},{type=linear,width=16},{type=relu},"
            + "{type=dropout,rate=0.1},{type=linear,width=10}],outputs{embedding=relu1}}");

    assertThat(problems.found())
        .singleElement()
        .asString()
        .isEqualTo(
            "--set train.objectives: train.objectives[1]: needs the weights of the student's last"
                + " layer: the layer 'linear2', which gives the logits, reads 'dropout1', and"
                + " 'embedding' is 'relu1'; the layer it reads must be that output");
  }

  @Test
  void saysAtTheTermsLineThatATeacherToTrainWillHaveNoSuchLayer() {
    String dropping =
        "teacher={onnx=null,id=t,outputs{embedding=embedding},graph{layers=[{type=flatten},"
            + "{type=linear,width=16},{type=relu},{type=dropout,rate=0.1},{type=linear,width=10}],"
            + "outputs{embedding=relu1}},train{objectives=[{type=cross-entropy}],batch=64}}";

    assertThat(future(Map.of(), dropping, LOSS))
        .containsExactly(
            "--set train.objectives: train.objectives[1]: needs the weights of the teacher's last"
                + " layer: the layer 'linear2', which gives the logits, reads 'dropout1', and"
                + " 'embedding' is 'relu1'; the layer it reads must be that output");
  }

  @Test
  void saysAtTheTermsLineThatAModelIsNotThereOrItsEmbeddingIsNarrowed() {
    assertThat(future(Map.of(), "teacher={id=t,onnx=/nowhere/t.onnx,outputs{embedding=e}}", LOSS))
        .containsExactly(
            "--set train.objectives: train.objectives[1]: needs the weights of the teacher's last"
                + " layer: There is no ONNX file '/nowhere/t.onnx'; correct its path.");
    assertThat(future(Map.of("embedding", List.of(4)), TEACHER, LOSS))
        .containsExactly(
            "--set train.objectives: train.objectives[1]: needs the weights of the teacher's last"
                + " layer: it reads 16 values, and 'embedding' is stored as [4]");
    assertThat(future(Map.of("embedding", List.of(16)), TEACHER, LOSS)).isEmpty();
  }

  private static List<String> future(Map<String, List<Integer>> stored, String... overrides) {
    Blueprint blueprint = Digits.blueprint(overrides);
    TeacherFiles files = new TeacherFiles(blueprint, output("future"), configuration());
    Problems problems = new Problems();
    new TermChecks(blueprint.student(), problems)
        .classifiers(new FutureClassifiers(blueprint, files, stored)::refusal);
    return problems.found().stream().map(Problem::toString).toList();
  }

  @Test
  void letsTheTermSayWhichWidthsDoNotFit() {
    assertThat(ofSizes("{type=crcd-gradient-cosine,projection=linear}")).isEmpty();
    assertThat(ofSizes("{type=crcd-gradient-cosine}"))
        .singleElement()
        .asString()
        .startsWith("--set train.objectives: train.objectives[0]: cannot be computed from rows of")
        .endsWith(
            "crcd-gradient-cosine: 'student.embedding' has 32 values and 'teacher.embedding' 16;"
                + " set projection = linear.");
    assertThat(ofSizes("{type=crcd-gradient-cosine,project=[embedding]}"))
        .singleElement()
        .asString()
        .contains("'weight.student_classifier' is Tensor[10, 32] but its input has 16 channels");
  }

  private static List<String> ofSizes(String term) {
    Problems problems = new Problems();
    new TermChecks(Digits.blueprint(TEACHER, "train.objectives=[" + term + "]").student(), problems)
        .sizes(
            8, () -> OptionalInt.of(100), Map.of("logits", List.of(10), "embedding", List.of(16)));
    return problems.found().stream().map(Problem::toString).toList();
  }

  @Test
  void aBundleHasNoTraceOfWhatItsStudentLearnedWith() {
    Blueprint blueprint = blueprint();
    run(blueprint, "dense", Stage.TRAIN, Stage.EXPORT);

    CheckpointFolder checkpoint =
        new CheckpointFolder(output("dense").checkpoint(ModelRole.STUDENT, 1), configuration());
    CheckpointManifest trained = checkpoint.manifest().orElseThrow();
    assertThat(trained.history().epochs().get(1).trainingTerms().get("crcd-gradient-cosine"))
        .isLessThan(trained.history().epochs().get(0).trainingTerms().get("crcd-gradient-cosine"));
    assertThat(checkpoint.heads(trained)).containsOnlyKeys("weight.gradient_projection/1");
    Bundle bundle =
        Bundle.open(output("dense").model(ModelRole.STUDENT, 1, 1).bundle(), configuration());
    assertThat(bundle.onnx().parameters())
        .isEqualTo(blueprint.student().graph().trainableParameters());
  }
}
