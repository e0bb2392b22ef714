package io.lakestill.objective.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import io.lakestill.io.Json;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Indices;
import io.lakestill.objective.State;
import io.lakestill.objective.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads a file of reference cases.
 *
 * <pre>{@code
 * { "objective": "kd_kl",
 *   "cases": [ { "name", "params": {scalars},
 *                "inputs": { "student.logits": { "shape": [B, C], "data": [row-major] }, ... },
 *                "expected": { "loss", "terms", "grad": { input: [flat] }, "state_after" } } ] }
 * }</pre>
 *
 * <p>{@code labels}, {@code mask} and {@code index.*} are whole numbers; {@code state.*} is memory.
 */
public final class GoldenFile {
  private GoldenFile() {}

  /**
   * @param origin the file, for messages
   * @throws io.lakestill.error.LakestillException (exit 3) when the text is not such a file
   */
  public static List<GoldenCase> read(String text, String origin) {
    ObjectNode root = Json.parse(text, origin);
    String objective = registeredName(Json.required(root, "objective", origin).asText());
    List<GoldenCase> cases = new ArrayList<>();
    for (JsonNode node : Json.required(root, "cases", origin)) {
      String name = Json.required(node, "name", origin).asText();
      String where = origin + ", case " + name;
      if (!(Json.required(node, "params", where) instanceof ObjectNode params)) {
        throw Errors.badInput("'" + where + "' has params that are not an object.");
      }
      Batch batch = read(Json.required(node, "inputs", where), where);
      cases.add(
          new GoldenCase(objective, name, params, batch, Json.required(node, "expected", where)));
    }
    return cases;
  }

  /** How a recipe writes a name: in lower case, with dashes. */
  static String registeredName(String name) {
    return name.toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static Batch read(JsonNode inputs, String where) {
    try {
      return batch(inputs, where);
    } catch (IllegalArgumentException e) {
      throw Errors.badInput("'" + where + "': " + e.getMessage(), e);
    }
  }

  private static Batch batch(JsonNode inputs, String where) {
    Batch.Builder builder = Batch.of(rows(inputs, where));
    State state = new State();
    for (Map.Entry<String, JsonNode> input : inputs.properties()) {
      String name = input.getKey();
      JsonNode data = Json.required(input.getValue(), "data", where);
      int[] shape = shape(input.getValue(), where);
      if (name.equals("labels") || name.equals("mask") || name.startsWith("index.")) {
        builder.indices(name, new Indices(shape, ints(data)));
      } else if (name.startsWith("state.")) {
        state.put(name, new Tensor(shape, floats(data)));
      } else {
        builder.tensor(name, Tensor.exact(shape, doubles(data)));
      }
    }
    return builder.state(state).build();
  }

  /** The examples of a batch: the first dimension of the first student input, else of any. */
  private static int rows(JsonNode inputs, String where) {
    for (Map.Entry<String, JsonNode> input : inputs.properties()) {
      if (input.getKey().startsWith("student.")) {
        return shape(input.getValue(), where)[0];
      }
    }
    return inputs.isEmpty() ? 0 : shape(inputs.elements().next(), where)[0];
  }

  private static int[] shape(JsonNode input, String where) {
    return ints(Json.required(input, "shape", where));
  }

  static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }

  static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) array.get(i).asDouble();
    }
    return values;
  }

  static double[] doubles(JsonNode array) {
    double[] values = new double[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asDouble();
    }
    return values;
  }
}
