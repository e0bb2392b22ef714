package io.lakestill.train;

import io.lakestill.error.Errors;
import io.lakestill.io.FloatTensor;
import io.lakestill.io.SafeTensors;
import io.lakestill.objective.State;
import io.lakestill.objective.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What losses remember as a safetensors file. A state's own tensors go by their names, those of a
 * state within it under its name and a slash: {@code 3/0/state.queue} is worker 3's, its term 0's.
 */
public final class States {
  private States() {}

  /** Every tensor of a state and of those within it, copied. */
  public static Map<String, FloatTensor> tensors(State state) {
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    collect("", state, tensors);
    return tensors;
  }

  private static void collect(String prefix, State state, Map<String, FloatTensor> tensors) {
    for (String name : state.names()) {
      requirePlain(name);
      Tensor tensor = state.tensor(name);
      List<Integer> shape = Arrays.stream(tensor.shape()).boxed().toList();
      tensors.put(
          prefix + name, FloatTensor.of(shape, Arrays.copyOf(tensor.data(), tensor.size())));
    }
    for (String part : state.parts()) {
      requirePlain(part);
      collect(prefix + part + "/", state.part(part), tensors);
    }
  }

  private static void requirePlain(String name) {
    if (name.contains("/")) {
      throw new IllegalArgumentException("the name '" + name + "' in a state has a slash");
    }
  }

  /**
   * The bytes of a safetensors file.
   *
   * @throws io.lakestill.error.LakestillException (exit 2) when they pass the 2 GiB of such a file
   */
  public static byte[] toSafeTensors(State state) {
    try {
      return SafeTensors.write(tensors(state));
    } catch (IllegalArgumentException e) {
      throw Errors.badRecipe(
          "The memory of the loss cannot be stored: %s; use a smaller bank or queue."
              .formatted(e.getMessage()));
    }
  }

  /**
   * @param origin where the bytes come from, for messages
   * @throws io.lakestill.error.LakestillException (exit 3) when the file is damaged
   */
  public static State fromSafeTensors(byte[] file, String origin) {
    State state = new State();
    SafeTensors.read(file, origin)
        .forEach(
            (path, tensor) -> {
              State owner = state;
              String[] steps = path.split("/", -1);
              for (int i = 0; i < steps.length - 1; i++) {
                owner = owner.part(steps[i]);
              }
              int[] shape = tensor.shape().stream().mapToInt(Integer::intValue).toArray();
              owner.put(steps[steps.length - 1], new Tensor(shape, tensor.values()));
            });
    return state;
  }

  /** Whether anything is remembered. */
  static boolean hasTensors(State state) {
    return !state.names().isEmpty()
        || state.parts().stream().anyMatch(part -> hasTensors(state.part(part)));
  }

  /**
   * Puts another state's tensors into a state that has tensors of the same names.
   *
   * @throws IllegalArgumentException when the names differ
   */
  static void fill(State to, State from) {
    if (!tensors(to).keySet().equals(tensors(from).keySet())) {
      throw new IllegalArgumentException(
          "a memory of %s does not fit one of %s"
              .formatted(tensors(from).keySet(), tensors(to).keySet()));
    }
    put(to, from);
  }

  static void put(State to, State from) {
    from.names().forEach(name -> to.put(name, from.tensor(name)));
    from.parts().forEach(part -> put(to.part(part), from.part(part)));
  }
}
