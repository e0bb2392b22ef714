package io.lakestill.objective.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Indices;
import io.lakestill.objective.State;
import io.lakestill.objective.Tensor;
import java.util.List;
import java.util.Locale;

/**
 * Reads a file of reference cases.
 *
 * <pre>{@code
 * { "objective": "kd_kl",
 *   "cases": [ { "name", "params": {scalars or lists},
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
    JsonFields root = JsonFields.of(Json.parse(text, origin), origin);
    String objective = registeredName(root.text("objective"));
    return root.objects("cases", fields -> goldenCase(objective, fields, origin));
  }

  private static GoldenCase goldenCase(String objective, JsonFields fields, String origin) {
    String name = fields.text("name");
    JsonFields named = JsonFields.of(fields.json(), origin + ", case " + name);
    return new GoldenCase(
        objective,
        name,
        named.object("params").json(),
        named.object("inputs", GoldenFile::batch),
        named.object("expected").json());
  }

  /** How a recipe writes a name: in lower case, with dashes. */
  static String registeredName(String name) {
    return name.toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static Batch batch(JsonFields inputs) {
    Batch.Builder builder = Batch.of(rows(inputs));
    State state = new State();
    for (String name : inputs.keys()) {
      JsonFields input = inputs.object(name);
      int[] shape = ints(input.list("shape"));
      JsonNode data = input.list("data");
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
  private static int rows(JsonFields inputs) {
    List<String> names = inputs.keys();
    return names.stream()
        .filter(name -> name.startsWith("student."))
        .findFirst()
        .or(() -> names.stream().findFirst())
        .map(name -> ints(inputs.object(name).list("shape"))[0])
        .orElse(0);
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
