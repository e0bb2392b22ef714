package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import com.intel.analytics.bigdl.dllib.utils.Table;
import io.lakestill.train.LossParameters;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import scala.Tuple2;

/**
 * The last layer of a training graph whose loss has parameters: it joins the student's outputs and
 * lays the vector of {@link LossParameters} beside them. The heads are its own weights; what the
 * loss borrows of the student stays the weight of its layer, is read there at every step, and gets
 * the loss's gradient there, beside the one that flows through the layer.
 *
 * <p>Input: one tensor {@code [rows, width]} or a table of them; output: {@code [rows, sum of
 * widths + columns]}, where the columns hold the vector row by row and zeros behind it. Being the
 * joint itself, it asks for no gradient of its own anywhere in the student.
 */
final class HeadColumns extends AbstractModule<Activity, Activity, Float> {
  private static final long serialVersionUID = 1L;

  private final Tensor<Float> weights;
  private final Tensor<Float> gradients;
  private final List<Borrowed> borrowed;
  private final boolean hasHeads;
  private final int size;
  private transient float[] vector;
  private final Tensor<Float> joined = Floats.empty();

  /**
   * A parameter of another layer of the same graph. A replica is a copy of the whole graph, so its
   * parameter is the replica's; flattened or shared weights are seen because the layer is asked.
   *
   * @param layer whose parameter it is
   * @param index of it among the layer's: 0 for the weight, 1 for the bias
   */
  record Borrowed(AbstractModule<Activity, Activity, Float> layer, int index)
      implements Serializable {
    private static final long serialVersionUID = 1L;

    Tensor<Float> value() {
      return layer.parameters()._1()[index];
    }

    Tensor<Float> gradient() {
      return layer.parameters()._2()[index];
    }

    /** What the layer multiplies its own gradient by. */
    double scale() {
      return index == 0 ? layer.getScaleW() : layer.getScaleB();
    }
  }

  /**
   * @param initial the heads before the first step; may be empty
   * @param borrowed of layers before this one
   */
  HeadColumns(float[] initial, List<Borrowed> borrowed) {
    super(Floats.activityTag(), Floats.activityTag(), Floats.tag(), Floats.numeric());
    this.weights = Floats.tensor(initial.clone(), initial.length);
    this.gradients = Floats.tensor(new float[initial.length], initial.length);
    this.borrowed = List.copyOf(borrowed);
    this.hasHeads = initial.length > 0;
    int lent = borrowed.stream().mapToInt(one -> one.value().nElement()).sum();
    this.size = initial.length + lent;
  }

  /** The heads as they are now, copied. */
  float[] heads() {
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
    int columns = LossParameters.columns(size, rows);
    int stride = columns;
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
    gather();
    for (int row = 0, at = 0; row < rows; row++, at += columns) {
      int count = Math.max(0, Math.min(columns, size - at));
      int start = column + row * stride;
      if (count > 0) {
        System.arraycopy(vector, at, to, start, count);
      }
      Arrays.fill(to, start + count, start + columns, 0f);
    }
    output_$eq(joined);
    return joined;
  }

  private void gather() {
    if (vector == null) {
      vector = new float[size];
    }
    int at = take(weights, 0);
    for (Borrowed one : borrowed) {
      at = take(one.value(), at);
    }
  }

  private int take(Tensor<Float> values, int at) {
    int count = values.nElement();
    if (count > 0) {
      System.arraycopy(Floats.array(values), Floats.offset(values), vector, at, count);
    }
    return at + count;
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
    int columns = LossParameters.columns(size, rows);
    for (int row = 0, at = 0; row < rows; row++, at += columns) {
      int count = Math.max(0, Math.min(columns, size - at));
      int start = Floats.offset(flat) + (row + 1) * flat.size(2) - columns;
      if (count > 0) {
        System.arraycopy(Floats.array(flat), start, vector, at, count);
      }
    }
    int at = add(gradients, 0, 1);
    for (Borrowed one : borrowed) {
      at = add(one.gradient(), at, one.scale());
    }
  }

  private int add(Tensor<Float> gradient, int at, double scale) {
    int count = gradient.nElement();
    for (int i = 0; i < count; i++) {
      Floats.array(gradient)[Floats.offset(gradient) + i] += (float) (scale * vector[at + i]);
    }
    return at + count;
  }

  /**
   * The heads only, so that no parameter is trained twice; null, as BigDL has it, for none. A copy
   * on its way to a replica has its heads still, though BigDL takes their values out.
   */
  @Override
  @SuppressWarnings({"unchecked", "rawtypes"}) // Generic arrays.
  public Tuple2<Tensor<Float>[], Tensor<Float>[]> parameters() {
    return hasHeads ? new Tuple2<>(new Tensor[] {weights}, new Tensor[] {gradients}) : null;
  }
}
