package io.lakestill.teacher;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.lakestill.error.Errors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs batches of one model, one pass for all wanted outputs, on the thread of the caller. It keeps
 * native buffers for input and outputs that ONNX Runtime reads and writes in place, so that a call
 * costs two bulk copies and no allocation per row. For one thread at a time.
 */
public final class OnnxRunner implements AutoCloseable {
  private final String origin;
  private final OrtSession session;
  private final String input;
  private final long[] rowShape;
  private final List<String> names;
  private final List<long[]> outputShapes;
  private final int[] widths;
  private final int inputWidth;
  private final int batch;
  private final FloatBuffer inputBuffer;
  private final FloatBuffer[] outputBuffers;

  private int boundRows;
  private Map<String, OnnxTensor> inputs = Map.of();
  private Map<String, OnnxTensor> outputs = Map.of();

  OnnxRunner(
      String origin,
      OrtSession session,
      String input,
      long[] rowShape,
      List<String> names,
      List<long[]> outputShapes,
      int batch) {
    this.origin = origin;
    this.session = session;
    this.input = input;
    this.rowShape = rowShape.clone();
    this.names = List.copyOf(names);
    this.outputShapes = outputShapes;
    this.batch = batch;
    this.inputWidth = width(rowShape);
    this.widths = outputShapes.stream().mapToInt(OnnxRunner::width).toArray();
    this.inputBuffer = buffer(Math.multiplyExact(batch, inputWidth));
    this.outputBuffers = new FloatBuffer[widths.length];
    for (int k = 0; k < widths.length; k++) {
      int first = names.indexOf(names.get(k)); // A tensor asked for twice is bound once.
      outputBuffers[k] =
          first < k ? outputBuffers[first] : buffer(Math.multiplyExact(batch, widths[k]));
    }
  }

  /** The number of values of a shape. */
  static int width(long[] shape) {
    long width = 1;
    for (long size : shape) {
      width = Math.multiplyExact(width, size);
    }
    return Math.toIntExact(width);
  }

  private static FloatBuffer buffer(int floats) {
    return ByteBuffer.allocateDirect(Math.multiplyExact(Float.BYTES, floats))
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  static long[] batchShape(int rows, long[] rowShape) {
    long[] shape = new long[rowShape.length + 1];
    shape[0] = rows;
    System.arraycopy(rowShape, 0, shape, 1, rowShape.length);
    return shape;
  }

  /** Values of one input row. */
  public int inputWidth() {
    return inputWidth;
  }

  /** Values of one row of the k-th wanted output. */
  public int width(int output) {
    return widths[output];
  }

  /** Arrays that hold the outputs of a full batch, for {@link #run}. */
  public float[][] outputArrays() {
    float[][] arrays = new float[widths.length][];
    for (int k = 0; k < widths.length; k++) {
      arrays[k] = new float[batch * widths[k]];
    }
    return arrays;
  }

  /**
   * Runs the model once.
   *
   * @param rows the input, {@code [count, inputWidth]}
   * @param count rows of this call, 1 to the batch this runner was made for
   * @param results receives the outputs: {@code results[k]} is {@code [count, width(k)]}
   * @throws io.lakestill.error.LakestillException (exit 3) when the model fails on these rows
   */
  public void run(float[] rows, int count, float[][] results) {
    if (count < 1 || count > batch) {
      throw new IllegalArgumentException("count must be 1 to " + batch + ", is " + count);
    }
    try {
      bind(count);
      inputBuffer.clear().put(rows, 0, count * inputWidth);
      // The results are our own tensors, so closing the answer frees nothing we still read.
      session.run(inputs, outputs).close();
      for (int k = 0; k < widths.length; k++) {
        outputBuffers[k].clear().get(results[k], 0, count * widths[k]);
      }
    } catch (OrtException e) {
      throw Errors.badInput(
          "Model '%s' failed on a batch of %d rows: %s".formatted(origin, count, e.getMessage()),
          e);
    }
  }

  /** Tensors over the buffers; they are made anew only when the number of rows changes. */
  private void bind(int rows) throws OrtException {
    if (rows == boundRows) {
      return;
    }
    unbind();
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> results = new LinkedHashMap<>();
    outputs = results;
    for (int k = 0; k < widths.length; k++) {
      if (results.containsKey(names.get(k))) {
        continue;
      }
      outputBuffers[k].clear().limit(rows * widths[k]);
      long[] shape = batchShape(rows, outputShapes.get(k));
      results.put(
          names.get(k), OnnxTensor.createTensor(environment, outputBuffers[k].slice(), shape));
    }
    inputBuffer.clear().limit(rows * inputWidth);
    inputs =
        Map.of(
            input,
            OnnxTensor.createTensor(environment, inputBuffer.slice(), batchShape(rows, rowShape)));
    boundRows = rows;
  }

  private void unbind() {
    List<OnnxTensor> tensors = new ArrayList<>(inputs.values());
    tensors.addAll(outputs.values());
    inputs = Map.of();
    outputs = Map.of();
    boundRows = 0;
    tensors.forEach(OnnxTensor::close);
  }

  @Override
  public void close() {
    unbind();
  }
}
