package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.CAddTable;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import com.intel.analytics.bigdl.dllib.utils.Table;

/**
 * The sum of tensors of one shape. Of BigDL's own type, so that it can be taken out again; for
 * training only.
 */
final class ArrayAdd extends CAddTable<Float, Float> {
  private static final long serialVersionUID = 1L;

  ArrayAdd() {
    super(false, Floats.tag(), Floats.tag(), Floats.numeric(), Floats.numeric());
  }

  private static Tensor<Float> part(Table table, int part) {
    return table.<Tensor<Float>>apply(part);
  }

  @Override
  public Tensor<Float> updateOutput(Table input) {
    Tensor<Float> first = Floats.atOrigin(part(input, 1));
    Tensor<Float> to = output();
    to.resizeAs(first);
    int size = first.nElement();
    add(Floats.array(first), Floats.array(Floats.atOrigin(part(input, 2))), Floats.array(to), size);
    for (int part = 3; part <= input.length(); part++) {
      add(
          Floats.array(to),
          Floats.array(Floats.atOrigin(part(input, part))),
          Floats.array(to),
          size);
    }
    return to;
  }

  private static void add(float[] a, float[] b, float[] sum, int size) {
    for (int i = 0; i < size; i++) {
      sum[i] = a[i] + b[i];
    }
  }

  /** A copy for each input: a graph adds what else flows back to where it lies. */
  @Override
  public Table updateGradInput(Table input, Tensor<Float> gradOutput) {
    Tensor<Float> from = gradOutput.contiguous();
    Table to = gradInput();
    for (int part = 1; part <= input.length(); part++) {
      if (!to.contains(part)) {
        to.update(part, Floats.empty());
      }
      Tensor<Float> gradient = part(to, part).resizeAs(from);
      System.arraycopy(
          Floats.array(from), Floats.offset(from), Floats.array(gradient), 0, from.nElement());
    }
    return to;
  }
}
