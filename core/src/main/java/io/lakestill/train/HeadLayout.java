package io.lakestill.train;

import io.lakestill.io.FloatTensor;
import io.lakestill.objective.Equipment.Head;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The learnable heads of all terms of a loss in one vector, end to end; see {@link LossParameters}
 * for how it reaches the loss.
 *
 * @param heads in the vector's order
 */
public record HeadLayout(List<Head> heads) implements Serializable {
  private static final long serialVersionUID = 1L;

  public HeadLayout {
    heads = List.copyOf(heads);
    if (heads.stream().map(Head::name).distinct().count() != heads.size()) {
      throw new IllegalArgumentException("two heads have one name: " + names(heads));
    }
  }

  private static List<String> names(List<Head> heads) {
    return heads.stream().map(Head::name).toList();
  }

  /** The number of values of a head. */
  public static int size(Head head) {
    return head.shape().stream().reduce(1, Math::multiplyExact);
  }

  /** The number of values of all heads. */
  public int size() {
    return heads.stream().mapToInt(HeadLayout::size).reduce(0, Math::addExact);
  }

  /** The values a training starts from; each head has a stream of its own. */
  public float[] initial(long seed) {
    float[] vector = new float[size()];
    int at = 0;
    for (Head head : heads) {
      float[] values = head.initial().draw(size(head), SplitMix.seed(seed, 0, head.name()));
      System.arraycopy(values, 0, vector, at, values.length);
      at += values.length;
    }
    return vector;
  }

  /** The heads of a vector by name, copied. */
  public Map<String, FloatTensor> tensors(float[] vector) {
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    int at = 0;
    for (Head head : heads) {
      float[] values = new float[size(head)];
      System.arraycopy(vector, at, values, 0, values.length);
      tensors.put(head.name(), FloatTensor.of(head.shape(), values));
      at += values.length;
    }
    return tensors;
  }
}
