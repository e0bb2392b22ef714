package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import com.intel.analytics.bigdl.dllib.utils.Table;
import io.lakestill.train.HeadLayout;
import java.util.Arrays;
import scala.Tuple2;

/**
 * The last layer of a training graph whose loss has learnable heads: it joins the student's outputs
 * and lays its own weights, the vector of all heads, beside them.
 *
 * <p>Input: one tensor {@code [rows, width]} or a table of them; output: {@code [rows, sum of
 * widths + columns]}, where the columns hold the vector row by row and zeros behind it, see {@link
 * HeadLayout}. Being the joint itself, it asks for no gradient of its own anywhere in the student.
 */
final class HeadColumns extends AbstractModule<Activity, Activity, Float> {
  private static final long serialVersionUID = 1L;

  private final int size;
  private final Tensor<Float> weights;
  private final Tensor<Float> gradients;
  private final Tensor<Float> joined = Floats.empty();

  /**
   * @param initial the vector before the first step
   */
  HeadColumns(float[] initial) {
    super(Floats.activityTag(), Floats.activityTag(), Floats.tag(), Floats.numeric());
    this.size = initial.length;
    this.weights = Floats.tensor(initial.clone(), initial.length);
    this.gradients = Floats.tensor(new float[initial.length], initial.length);
  }

  /** The vector as it is now, copied. */
  float[] vector() {
    return Floats.values(weights);
  }

  private static int parts(Activity input) {
    return input.isTable() ? input.toTable().length() : 1;
  }

  private static Tensor<Float> part(Activity input, int part) {
    return input.isTable()
        ? input.toTable().<Tensor<Float>>apply(part + 1)
        : input.toTensor(Floats.numeric());
  }

  @Override
  public Activity updateOutput(Activity input) {
    int rows = part(input, 0).size(1);
    int stride = HeadLayout.columns(size, rows);
    for (int part = 0; part < parts(input); part++) {
      stride += part(input, part).size(2);
    }
    joined.resize(rows, stride);
    float[] to = Floats.array(joined);
    int column = Floats.offset(joined);
    for (int part = 0; part < parts(input); part++) {
      Tensor<Float> from = part(input, part).contiguous();
      copy(Floats.array(from), Floats.offset(from), from.size(2), to, column, stride, rows);
      column += from.size(2);
    }
    int columns = HeadLayout.columns(size, rows);
    for (int row = 0, at = 0; row < rows; row++, at += columns) {
      int count = Math.max(0, Math.min(columns, size - at));
      int start = column + row * stride;
      if (count > 0) {
        System.arraycopy(Floats.array(weights), Floats.offset(weights) + at, to, start, count);
      }
      Arrays.fill(to, start + count, start + columns, 0f);
    }
    output_$eq(joined);
    return joined;
  }

  /** Copies rows of {@code width} values into columns of a wider tensor. */
  private static void copy(
      float[] from, int first, int width, float[] to, int column, int stride, int rows) {
    for (int row = 0; row < rows; row++) {
      System.arraycopy(from, first + row * width, to, column + row * stride, width);
    }
  }

  @Override
  public Activity updateGradInput(Activity input, Activity gradOutput) {
    Tensor<Float> flat = gradOutput.<Float>toTensor(Floats.numeric()).contiguous();
    if (gradInput() == null) {
      gradInput_$eq(input.isTable() ? new Table(new Object[0]) : Floats.empty());
    }
    int stride = flat.size(2);
    int column = Floats.offset(flat);
    for (int part = 0; part < parts(input); part++) {
      Tensor<Float> to = gradientOf(part, input);
      int width = to.size(2);
      int first = Floats.offset(to);
      for (int row = 0; row < to.size(1); row++) {
        System.arraycopy(
            Floats.array(flat),
            column + row * stride,
            Floats.array(to),
            first + row * width,
            width);
      }
      column += width;
    }
    return gradInput();
  }

  private Tensor<Float> gradientOf(int part, Activity input) {
    if (!input.isTable()) {
      return gradInput().<Float>toTensor(Floats.numeric()).resizeAs(part(input, part));
    }
    Table table = gradInput().toTable();
    if (!table.contains(part + 1)) {
      table.update(part + 1, Floats.empty());
    }
    return table.<Tensor<Float>>apply(part + 1).resizeAs(part(input, part));
  }

  @Override
  public void accGradParameters(Activity input, Activity gradOutput) {
    Tensor<Float> flat = gradOutput.<Float>toTensor(Floats.numeric()).contiguous();
    int rows = flat.size(1);
    int columns = HeadLayout.columns(size, rows);
    float[] from = Floats.array(flat);
    float[] to = Floats.array(gradients);
    int first = Floats.offset(gradients);
    for (int row = 0, at = 0; row < rows; row++, at += columns) {
      int count = Math.max(0, Math.min(columns, size - at));
      int start = Floats.offset(flat) + (row + 1) * flat.size(2) - columns;
      for (int i = 0; i < count; i++) {
        to[first + at + i] += from[start + i];
      }
    }
  }

  @Override
  @SuppressWarnings({"unchecked", "rawtypes"}) // Generic arrays.
  public Tuple2<Tensor<Float>[], Tensor<Float>[]> parameters() {
    return new Tuple2<>(new Tensor[] {weights}, new Tensor[] {gradients});
  }
}
