package io.lakestill.objective;

import java.io.Serializable;
import java.util.Set;
import java.util.TreeMap;

/**
 * What objectives remember from step to step, by name: memory banks, queues, frozen normalisers.
 *
 * <p>It belongs to whoever runs the training, who stores it in checkpoints; an objective itself
 * remembers nothing. An objective changes a tensor in place, or replaces it when its shape grows.
 */
public final class State implements Serializable {
  private static final long serialVersionUID = 1L;

  private final TreeMap<String, Tensor> tensors = new TreeMap<>();
  private final TreeMap<String, State> parts = new TreeMap<>();

  public Set<String> names() {
    return tensors.keySet();
  }

  public Tensor tensor(String name) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "There is no state '%s', only %s.".formatted(name, tensors.keySet()));
    }
    return tensor;
  }

  public State put(String name, Tensor tensor) {
    tensors.put(name, tensor);
    return this;
  }

  /** A state within this one, such as that of one term of a loss; made when first asked for. */
  public State part(String name) {
    return parts.computeIfAbsent(name, any -> new State());
  }

  /** The names of the states within this one. */
  public Set<String> parts() {
    return parts.keySet();
  }

  /** The same numbers in arrays of its own. */
  public State copy() {
    State copy = new State();
    tensors.forEach(
        (name, tensor) -> copy.put(name, new Tensor(tensor.shape(), tensor.data().clone())));
    parts.forEach((name, part) -> copy.parts.put(name, part.copy()));
    return copy;
  }
}
