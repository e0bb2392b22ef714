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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * An ONNX model, teacher or student, ready to run in this JVM. Every handle of the same file shares
 * one session; the model itself is safe for many threads, a {@link OnnxRunner} belongs to one.
 */
public final class OnnxModel implements AutoCloseable {
  /** Two numbers of rows tell the batch axis from an axis that happens to be as long. */
  private static final int[] PROBE_ROWS = {2, 3};

  private final OnnxFile file;
  private final List<String> inner;
  private final OrtSession session;
  private final List<TensorDescription> inputs;
  private final List<TensorDescription> outputs;
  private boolean closed;

  private OnnxModel(OnnxFile file, List<String> inner, OrtSession session) throws OrtException {
    this.file = file;
    this.inner = inner;
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
    return open(file, List.of());
  }

  /**
   * The same with inner tensors as further outputs, behind the model's own.
   *
   * @param inner names of {@link OnnxFile#tensors} that are not among {@link OnnxFile#outputs}
   * @throws io.lakestill.error.LakestillException (exit 3) when ONNX Runtime refuses it
   */
  public static OnnxModel open(OnnxFile file, List<String> inner) {
    List<String> names = List.copyOf(inner);
    OrtSession session = OnnxSessions.acquire(file, names);
    try {
      return new OnnxModel(file, names, session);
    } catch (OrtException e) {
      OnnxSessions.release(file, names);
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

  /** The outputs, in the model's order; then the inner tensors it was opened with. */
  public List<TensorDescription> outputs() {
    return outputs;
  }

  /**
   * Runs a few rows of zeros to learn the real shape of outputs, whatever the model declares.
   *
   * @param input the name of its input
   * @param rowShape the shape of one row, without the batch
   * @param names the outputs to look at
   * @return for each output the shape of one row, in the order of {@code names}
   * @throws io.lakestill.error.LakestillException (exit 3) when the model cannot run on such rows,
   *     or an output does not have one part per row, each of the same size
   */
  public List<long[]> rowShapes(String input, long[] rowShape, List<String> names) {
    List<long[]> fewer = shapes(input, rowShape, names, PROBE_ROWS[0]);
    List<long[]> more = shapes(input, rowShape, names, PROBE_ROWS[1]);
    List<long[]> rows = new ArrayList<>();
    for (int k = 0; k < names.size(); k++) {
      rows.add(rowShape(names.get(k), fewer.get(k), more.get(k)));
    }
    return rows;
  }

  /** The shape of each output for so many rows; empty for what is no tensor. */
  private List<long[]> shapes(String input, long[] rowShape, List<String> names, int rows) {
    long[] shape = OnnxRunner.batchShape(rows, rowShape);
    FloatBuffer zeros =
        ByteBuffer.allocateDirect(Float.BYTES * OnnxRunner.width(shape))
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    try (OnnxTensor tensor =
            OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), zeros, shape);
        OrtSession.Result result = session.run(Map.of(input, tensor), new LinkedHashSet<>(names))) {
      return names.stream().map(name -> shape(result.get(name).orElseThrow())).toList();
    } catch (OrtException e) {
      throw Errors.badInput(
          "Model '%s' cannot run on %d rows of shape %s: %s"
              .formatted(file.origin(), rows, Arrays.toString(rowShape), e.getMessage()),
          e);
    }
  }

  private static long[] shape(OnnxValue value) {
    return value instanceof OnnxTensor tensor ? tensor.getInfo().getShape() : new long[0];
  }

  private long[] rowShape(String name, long[] fewer, long[] more) {
    boolean sound =
        fewer.length > 0
            && fewer[0] == PROBE_ROWS[0]
            && more.length > 0
            && more[0] == PROBE_ROWS[1]
            && Arrays.equals(fewer, 1, fewer.length, more, 1, more.length)
            && LongStream.of(fewer).allMatch(size -> size > 0);
    if (!sound) {
      throw Errors.badInput(
          ("Tensor '%s' of model '%s' does not have one part of a fixed size per row: for %d rows"
                  + " of zeros its shape is %s, for %d it is %s; name a tensor whose first axis is"
                  + " the batch.")
              .formatted(
                  name,
                  file.origin(),
                  PROBE_ROWS[0],
                  Arrays.toString(fewer),
                  PROBE_ROWS[1],
                  Arrays.toString(more)));
    }
    return Arrays.copyOfRange(fewer, 1, fewer.length);
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
      OnnxSessions.release(file, inner);
    }
  }
}
