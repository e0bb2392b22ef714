package io.lakestill.teacher;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.UnsafeByteOperations;
import io.lakestill.error.Errors;
import io.lakestill.io.Sha256;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * The bytes of one self-contained ONNX model.
 *
 * @param origin where it comes from, for messages
 * @param bytes not copied; nobody changes them
 * @param sha256 of the bytes; the identity of the model
 */
@SuppressWarnings("ArrayRecordComponent") // equality is by hash, below
public record OnnxFile(String origin, byte[] bytes, String sha256) {
  private static final long LARGEST = Integer.MAX_VALUE - 8L;

  /**
   * Reads a file from any Hadoop file system and checks that it is ONNX. Weights that it keeps in
   * files beside it are taken in; see {@link ExternalData} for which files are read.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when there is no such file, it is not
   *     ONNX, is larger than 2 GiB with all its weights, declares a tensor that it does not hold,
   *     or keeps weights where they are not read
   */
  public static OnnxFile read(Path path, Configuration configuration) {
    try {
      FileStatus status = path.getFileSystem(configuration).getFileStatus(path);
      if (status.isDirectory()) {
        throw Errors.badInput("'" + path + "' is a folder; name the ONNX file itself.");
      }
      if (status.getLen() > LARGEST) {
        throw Errors.badInput(
            "ONNX file '%s' has %d bytes; Lakestill takes models up to 2 GiB."
                .formatted(path, status.getLen()));
      }
      byte[] bytes = new byte[(int) status.getLen()];
      try (FSDataInputStream in = path.getFileSystem(configuration).open(path)) {
        in.readFully(0, bytes);
      }
      return of(whole(bytes, path, configuration), path.toString());
    } catch (FileNotFoundException e) {
      throw Errors.badInput("There is no ONNX file '" + path + "'; correct its path.", e);
    } catch (IOException e) {
      throw Errors.badInput("ONNX file '%s' cannot be read: %s".formatted(path, e), e);
    }
  }

  private static byte[] whole(byte[] bytes, Path path, Configuration configuration)
      throws IOException {
    OnnxMl.ModelProto model = parsed(bytes, path.toString());
    if (ExternalData.firstIn(model).isEmpty()) {
      return bytes;
    }
    // Room for the names and shapes, which are in the bytes already.
    return new ExternalData(path, configuration)
        .inlined(model, LARGEST - bytes.length)
        .toByteArray();
  }

  /**
   * Checks bytes that are already here.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when they are not ONNX, declare a tensor
   *     that they do not hold, or keep weights in other files
   */
  public static OnnxFile of(byte[] bytes, String origin) {
    OnnxMl.ModelProto model = parsed(bytes, origin);
    if (!model.hasGraph() || model.getGraph().getOutputCount() == 0) {
      throw Errors.badInput("'" + origin + "' is not an ONNX model: it has no graph.");
    }
    ExternalData.firstIn(model)
        .ifPresent(
            tensor -> {
              throw Errors.badInput(
                  ("ONNX file '%s' keeps the weights of '%s' in another file; save the model with"
                          + " all its weights inside (onnx.save with save_as_external_data=False).")
                      .formatted(origin, tensor));
            });
    OnnxTensors.of(model).forEach(tensor -> TensorSize.requireWhole(tensor, origin));
    return new OnnxFile(origin, bytes, Sha256.of(bytes));
  }

  /**
   * How many numbers of the model were trained: for a model exported here, what {@code
   * StudentGraph.trainableParameters()} says of its graph. For others, all floating-point
   * initializers but the running statistics of batch normalisations, and the constants that matrix
   * products and convolutions use directly.
   */
  public long parameters() {
    return OnnxParameters.count(parsed(bytes, origin).getGraph());
  }

  /**
   * The linear layer that makes one of its tensors of another.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when there is none; the message says
   *     what there is
   */
  public OnnxLinear linear(String input, String output) {
    return OnnxLinear.between(parsed(bytes, origin).getGraph(), input, output, origin);
  }

  /** The names of its outputs, in its order. */
  public List<String> outputs() {
    return parsed(bytes, origin).getGraph().getOutputList().stream()
        .map(OnnxMl.ValueInfoProto::getName)
        .toList();
  }

  /**
   * The names of all tensors its nodes compute, outputs included, in the order of the graph. Those
   * inside the bodies of loops and branches are not among them.
   */
  public List<String> tensors() {
    return parsed(bytes, origin).getGraph().getNodeList().stream()
        .flatMap(node -> node.getOutputList().stream())
        .filter(name -> !name.isEmpty()) // An optional output that the model does not use.
        .toList();
  }

  /**
   * The shape of one row of a tensor, without the batch axis, as the file declares it; nothing is
   * run.
   *
   * @return empty when the file says nothing of it, or leaves a size but the batch open
   */
  public Optional<List<Integer>> declaredRowShape(String tensor) {
    return DeclaredShapes.row(parsed(bytes, origin).getGraph(), tensor);
  }

  /**
   * The same model with more outputs; their types and shapes are left to ONNX Runtime.
   *
   * @param inner names of {@link #tensors} that are no outputs yet
   */
  byte[] withOutputs(List<String> inner) {
    OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder();
    inner.forEach(name -> graph.addOutputBuilder().setName(name));
    byte[] more = OnnxMl.ModelProto.newBuilder().setGraph(graph).build().toByteArray();
    // A protobuf message that follows another is merged into it, so the weights stay as they are.
    byte[] both = Arrays.copyOf(bytes, Math.addExact(bytes.length, more.length));
    System.arraycopy(more, 0, both, bytes.length, more.length);
    return both;
  }

  private static OnnxMl.ModelProto parsed(byte[] bytes, String origin) {
    // Aliased: the weights stay where they are instead of being copied once more.
    CodedInputStream input = UnsafeByteOperations.unsafeWrap(bytes).newCodedInput();
    input.enableAliasing(true);
    input.setSizeLimit(Integer.MAX_VALUE);
    try {
      return OnnxMl.ModelProto.parseFrom(input);
    } catch (IOException e) {
      throw Errors.badInput("'%s' is not an ONNX model: %s".formatted(origin, e.getMessage()), e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof OnnxFile file && sha256.equals(file.sha256);
  }

  @Override
  public int hashCode() {
    return sha256.hashCode();
  }

  @Override
  public String toString() {
    return "OnnxFile[%s, %d bytes, %s]".formatted(origin, bytes.length, sha256);
  }
}
