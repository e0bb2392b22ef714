package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import io.lakestill.error.ExitCode;
import io.lakestill.io.Json;
import io.lakestill.teacher.OnnxFile;
import io.lakestill.teacher.OnnxModel;
import io.lakestill.teacher.TensorDescription;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code inspect-teacher}. */
@Command(
    name = "inspect-teacher",
    description = {
      "Lists the tensors of an ONNX model that a recipe can name: its inputs, its outputs, and the"
          + " tensors inside it.",
      "Any float tensor with the batch as its first axis can be a signal: teacher.outputs { map ="
          + " \"/layer4/Relu_output_0\" }. No other export is needed."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExample:%n",
    footer = "  bin/lakestill inspect-teacher /models/teacher.onnx")
final class InspectTeacherCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "FILE",
      description = "The ONNX file, here or on any Hadoop file system.")
  private String file;

  @Override
  public Integer call() {
    OnnxFile onnx = OnnxFile.read(path(), configuration());
    List<String> declared = onnx.outputs();
    List<String> inside =
        onnx.tensors().stream().distinct().filter(name -> !declared.contains(name)).toList();
    try (OnnxModel model = OnnxModel.open(onnx, inside)) {
      List<TensorDescription> outputs = model.outputs().subList(0, declared.size());
      List<TensorDescription> signals =
          model.outputs().subList(declared.size(), model.outputs().size()).stream()
              .filter(tensor -> tensor.isFloat() && tensor.hasFreeBatch())
              .toList();
      System.out.printf(
          Locale.ROOT,
          "%s: %,d parameters, %,d bytes, SHA-256 %s%n",
          onnx.origin(),
          onnx.parameters(),
          onnx.bytes().length,
          onnx.sha256());
      show("inputs", model.inputs());
      show("outputs", outputs);
      show("tensors inside, for teacher.outputs", signals);
      List<TensorDescription> unknown =
          model.outputs().subList(declared.size(), model.outputs().size()).stream()
              .filter(tensor -> tensor.isFloat() && tensor.rank() == 0)
              .toList();
      showUnknown(unknown);
      int others = inside.size() - signals.size() - unknown.size();
      if (others > 0) {
        System.out.printf(
            Locale.ROOT, "%,d more are not float or have no free batch axis%n", others);
      }
      ObjectNode summary = Json.object();
      summary
          .put("command", "inspect-teacher")
          .put("outcome", "done")
          .put("exit", ExitCode.DONE.code())
          .put("sha256", onnx.sha256())
          .put("outputs", outputs.size())
          .put("tensors", signals.size());
      return Lakestill.finish(summary, ExitCode.DONE);
    }
  }

  private Path path() {
    try {
      return new Path(file);
    } catch (IllegalArgumentException e) {
      throw Errors.badRecipe("'%s' is not a path: %s.".formatted(file, e.getMessage()));
    }
  }

  /** With the Hadoop settings that Spark will have. */
  private static Configuration configuration() {
    return SparkHadoopUtil.get().newConfiguration(new SparkConf());
  }

  /** The file does not say of these whether they have a batch axis; a run would. */
  private static void showUnknown(List<TensorDescription> tensors) {
    if (!tensors.isEmpty()) {
      System.out.println(
          "tensors inside whose shape the file does not say; a run refuses those that are not one"
              + " part per row");
      tensors.forEach(
          tensor ->
              System.out.println(
                  "  %s: %s of unknown shape".formatted(tensor.name(), tensor.type())));
    }
  }

  private static void show(String what, List<TensorDescription> tensors) {
    System.out.println(what);
    tensors.forEach(tensor -> System.out.println("  " + tensor));
  }
}
