package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl;
import io.lakestill.io.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a person reads who looks for the name of a layer; needs no Spark session. */
class InspectTeacherCommandTest {
  @TempDir private Path folder;

  private final PrintStream out = System.out;
  private final PrintStream err = System.err;
  private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
  private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();

  @BeforeEach
  void capture() {
    System.setOut(new PrintStream(stdout, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(stderr, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void release() {
    System.setOut(out);
    System.setErr(err);
  }

  @Test
  void listsInputsOutputsAndTheTensorsInside() throws IOException {
    byte[] model = Oracle.random(5).onnx();
    Path file = Files.write(folder.resolve("oracle.onnx"), model);

    assertThat(Lakestill.execute("inspect-teacher", file.toString())).isZero();

    assertThat(stdout.toString(StandardCharsets.UTF_8).lines().toList())
        .containsExactly(
            "%s: 30 parameters, %,d bytes, SHA-256 %s"
                .formatted(file, model.length, Sha256.of(model)),
            "inputs",
            "  input: float [batch, 1, 2, 3]",
            "outputs",
            "  logits: float [batch, 4]",
            "  embedding: float [batch, 3]",
            "tensors inside, for teacher.outputs",
            "  flat:0: float [batch, 6]",
            ("{\"command\":\"inspect-teacher\",\"outcome\":\"done\",\"exit\":0,\"sha256\":\"%s\","
                    + "\"outputs\":2,\"tensors\":1}")
                .formatted(Sha256.of(model)));
  }

  @Test
  void saysOfWhichTensorsTheShapeIsNotKnown() throws IOException {
    OnnxMl.ModelProto.Builder model =
        OnnxMl.ModelProto.parseFrom(Oracle.random(5).onnx()).toBuilder();
    // Which axes it drops depends on the batch.
    model
        .getGraphBuilder()
        .addNode(
            OnnxMl.NodeProto.newBuilder()
                .setOpType("Squeeze")
                .addInput("logits")
                .addOutput("squeezed"));
    Path file = Files.write(folder.resolve("squeezed.onnx"), model.build().toByteArray());

    assertThat(Lakestill.execute("inspect-teacher", file.toString())).isZero();

    assertThat(stdout.toString(StandardCharsets.UTF_8).lines().toList())
        .containsSubsequence(
            "tensors inside, for teacher.outputs",
            "  flat:0: float [batch, 6]",
            "tensors inside whose shape the file does not say; a run refuses those that are not one"
                + " part per row",
            "  squeezed: float of unknown shape")
        .noneMatch(line -> line.contains("more are not float"));
  }

  @Test
  void aMissingFileIsBadInput() {
    assertThat(Lakestill.execute("inspect-teacher", folder.resolve("no.onnx").toString()))
        .isEqualTo(3);
    assertThat(stderr.toString(StandardCharsets.UTF_8))
        .contains("There is no ONNX file '" + folder.resolve("no.onnx"));
  }
}
