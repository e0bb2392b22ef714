package io.lakestill.objective.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.objective.Batch;
import java.util.Map;
import java.util.Set;

/**
 * One reference case: options, inputs, and what must come out.
 *
 * @param objective the registered name
 * @param name tells the cases of an objective apart
 * @param params the options: scalars, or lists of them
 * @param batch the inputs
 * @param expected {@code loss} or {@code value}, {@code terms}, {@code grad}, {@code state_after}
 */
public record GoldenCase(
    String objective, String name, ObjectNode params, Batch batch, JsonNode expected) {
  /** The parameters that give the size of a memory, with that memory. */
  private static final Map<String, String> MEMORY_SIZES =
      Map.of("n_data", "state.bank_student", "classes", "index.bank_labels");

  /** How many were drawn for the normalisers of crckd-crp, which only the reference sets. */
  private static final Set<String> UNREAD_DRAWS = Set.of("positives", "negatives");

  /**
   * Whether a parameter repeats what the inputs say: the rows of a bank, the classes of its rows,
   * or how many were drawn for nothing. Such a one is no option of the objective.
   */
  boolean saysOfMemory(String param) {
    String memory = MEMORY_SIZES.get(param);
    return memory != null && (batch.has(memory) || batch.state().names().contains(memory))
        || objective.equals("crckd-crp") && UNREAD_DRAWS.contains(param);
  }

  @Override
  public String toString() {
    return objective + " " + name;
  }
}
