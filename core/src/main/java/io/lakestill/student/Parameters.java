package io.lakestill.student;

import io.lakestill.error.Errors;
import io.lakestill.io.FloatTensor;
import io.lakestill.io.SafeTensors;
import io.lakestill.io.Sha256;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * The numbers of a {@link StudentGraph}: one array per {@link ParameterSpec}, in the graph's order.
 * Immutable; arrays are copied on the way in and out.
 */
public final class Parameters {
  private final Map<String, FloatTensor> tensors;

  private Parameters(Map<String, FloatTensor> tensors) {
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  /**
   * @param graph whose parameters these are
   * @param values one array per parameter name, no more and no less; copied
   * @throws IllegalArgumentException naming what is missing, unknown or of another size
   */
  public static Parameters of(StudentGraph graph, Map<String, float[]> values) {
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    for (ParameterSpec spec : graph.parameterSpecs()) {
      float[] array = values.get(spec.name());
      if (array == null) {
        throw new IllegalArgumentException("parameter '" + spec.name() + "' is missing");
      }
      if (array.length != spec.size()) {
        throw new IllegalArgumentException(
            "parameter '%s' needs %d values of shape %s, has %d"
                .formatted(spec.name(), spec.size(), spec.shape(), array.length));
      }
      tensors.put(spec.name(), FloatTensor.of(spec.shape(), array));
    }
    refuseUnknown(values.keySet(), tensors);
    return new Parameters(tensors);
  }

  private static void refuseUnknown(Iterable<String> names, Map<String, FloatTensor> known) {
    NavigableSet<String> unknown = new TreeSet<>();
    names.forEach(unknown::add);
    unknown.removeAll(known.keySet());
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException("the graph has no parameter '" + unknown.first() + "'");
    }
  }

  /** The numbers a training starts from; the same graph and seed give the same bits everywhere. */
  public static Parameters initial(StudentGraph graph, long seed) {
    return Parameters.of(graph, new Initialisation(seed).values(graph));
  }

  /**
   * @param file the bytes of a safetensors file
   * @param origin where it comes from, for messages
   * @throws io.lakestill.error.LakestillException (exit 3) when the file is damaged or holds the
   *     parameters of another graph
   */
  public static Parameters fromSafeTensors(StudentGraph graph, byte[] file, String origin) {
    Map<String, FloatTensor> read = SafeTensors.read(file, origin);
    Map<String, float[]> values = new LinkedHashMap<>();
    read.forEach((name, tensor) -> values.put(name, tensor.values()));
    Parameters parameters;
    try {
      parameters = Parameters.of(graph, values);
    } catch (IllegalArgumentException e) {
      throw Errors.badInput("'" + origin + "' does not fit its graph: " + e.getMessage() + ".", e);
    }
    read.forEach(
        (name, tensor) -> {
          if (!tensor.shape().equals(parameters.tensors.get(name).shape())) {
            throw Errors.badInput(
                "'%s' does not fit its graph: parameter '%s' has shape %s, needs %s."
                    .formatted(origin, name, tensor.shape(), parameters.tensors.get(name).shape()));
          }
        });
    return parameters;
  }

  /** The bytes of a safetensors file. */
  public byte[] toSafeTensors() {
    return SafeTensors.write(tensors);
  }

  /** All parameters by name, in the graph's order. */
  public Map<String, FloatTensor> tensors() {
    return tensors;
  }

  public List<String> names() {
    return List.copyOf(tensors.keySet());
  }

  /** A copy of the values of one parameter. */
  public float[] values(String name) {
    return tensor(name).values();
  }

  /** These parameters with one of them replaced; the values are copied. */
  public Parameters with(String name, float[] values) {
    Map<String, FloatTensor> changed = new LinkedHashMap<>(tensors);
    changed.put(name, FloatTensor.of(tensor(name).shape(), values));
    return new Parameters(changed);
  }

  public FloatTensor tensor(String name) {
    FloatTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("no parameter is named '" + name + "'");
    }
    return tensor;
  }

  /** SHA-256 over names, shapes and bits, in order. */
  public String sha256() {
    MessageDigest digest = Sha256.digest();
    tensors.forEach(
        (name, tensor) -> {
          digest.update((name + tensor.shape() + "\n").getBytes(StandardCharsets.UTF_8));
          ByteBuffer bytes =
              ByteBuffer.allocate(Float.BYTES * tensor.size()).order(ByteOrder.LITTLE_ENDIAN);
          bytes.asFloatBuffer().put(tensor.values());
          digest.update(bytes);
        });
    return Sha256.hex(digest.digest());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Parameters parameters
        && List.copyOf(tensors.entrySet()).equals(List.copyOf(parameters.tensors.entrySet()));
  }

  @Override
  public int hashCode() {
    return tensors.hashCode();
  }

  @Override
  public String toString() {
    return "Parameters" + tensors;
  }
}
