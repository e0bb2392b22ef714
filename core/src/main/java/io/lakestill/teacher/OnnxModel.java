package io.lakestill.teacher;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.lakestill.error.Errors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * An ONNX model, teacher or student, ready to run in this JVM. Every handle of the same file shares
 * one session; the model itself is safe for many threads, a {@link OnnxRunner} belongs to one.
 */
public final class OnnxModel implements AutoCloseable {
  private static final int PROBE_ROWS = 2;

  private final OnnxFile file;
  private final OrtSession session;
  private final List<TensorDescription> inputs;
  private final List<TensorDescription> outputs;
  private boolean closed;

  private OnnxModel(OnnxFile file, OrtSession session) throws OrtException {
    this.file = file;
    this.session = session;
    this.inputs = describe(session.getInputInfo().values());
    this.outputs = describe(session.getOutputInfo().values());
  }

  private static List<TensorDescription> describe(Collection<NodeInfo> nodes) {
    return nodes.stream().map(TensorDescription::of).toList();
  }

  /**
   * Loads the model, or takes the session another handle has loaded.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when ONNX Runtime refuses it
   */
  public static OnnxModel open(OnnxFile file) {
    OrtSession session = OnnxSessions.acquire(file);
    try {
      return new OnnxModel(file, session);
    } catch (OrtException e) {
      OnnxSessions.release(file);
      throw Errors.badInput(
          "ONNX Runtime cannot describe '%s': %s".formatted(file.origin(), e.getMessage()), e);
    }
  }

  public OnnxFile file() {
    return file;
  }

  /** The inputs, in the model's order. */
  public List<TensorDescription> inputs() {
    return inputs;
  }

  /** The outputs, in the model's order. */
  public List<TensorDescription> outputs() {
    return outputs;
  }

  /**
   * Runs two rows of zeros to learn the real shape of outputs, whatever the model declares.
   *
   * @param input the name of its input
   * @param rowShape the shape of one row, without the batch
   * @param names the outputs to look at
   * @return for each output the shape of one row, in the order of {@code names}
   * @throws io.lakestill.error.LakestillException (exit 3) when the model cannot run on such rows,
   *     or an output does not have one part per row
   */
  public List<long[]> rowShapes(String input, long[] rowShape, List<String> names) {
    long[] shape = OnnxRunner.batchShape(PROBE_ROWS, rowShape);
    FloatBuffer zeros =
        ByteBuffer.allocateDirect(Float.BYTES * OnnxRunner.width(shape))
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    try (OnnxTensor tensor =
            OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), zeros, shape);
        OrtSession.Result result = session.run(Map.of(input, tensor), new LinkedHashSet<>(names))) {
      return names.stream().map(name -> rowShape(name, result.get(name).orElseThrow())).toList();
    } catch (OrtException e) {
      throw Errors.badInput(
          "Model '%s' cannot run on %d rows of shape %s: %s"
              .formatted(file.origin(), PROBE_ROWS, Arrays.toString(rowShape), e.getMessage()),
          e);
    }
  }

  private long[] rowShape(String name, OnnxValue value) {
    if (value instanceof OnnxTensor tensor && tensor.getInfo().getShape().length > 0) {
      long[] shape = tensor.getInfo().getShape();
      if (shape[0] == PROBE_ROWS) {
        return Arrays.copyOfRange(shape, 1, shape.length);
      }
    }
    throw Errors.badInput(
        "Output '%s' of model '%s' does not have one part per row: for %d rows it is %s"
            .formatted(name, file.origin(), PROBE_ROWS, value));
  }

  /**
   * Prepares to run batches.
   *
   * @param input the name of its input
   * @param rowShape the shape of one row as the model wants it, without the batch
   * @param names the outputs wanted, all given by one pass
   * @param batch the most rows of one call
   */
  public OnnxRunner runner(String input, long[] rowShape, List<String> names, int batch) {
    return new OnnxRunner(
        file.origin(), session, input, rowShape, names, rowShapes(input, rowShape, names), batch);
  }

  /** Gives the session back; the runners must be closed before. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      OnnxSessions.release(file);
    }
  }
}
