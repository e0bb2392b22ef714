package io.lakestill.signal.projection;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.EnumText;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.recipe.ProjectionMethod;
import java.util.List;
import java.util.Optional;

/**
 * How a stored signal was narrowed, as its manifest says it: the values of a row are flattened,
 * row-major, and given to a {@link Projector}.
 *
 * @param by how the projector was made
 * @param from the shape of a row as the teacher said it, without the batch axis
 * @param sha256 of the projector's file, which is named by it
 * @param explained the part of the sample's variance that principal components keep
 */
public record Projection(
    ProjectionMethod by, List<Integer> from, String sha256, Optional<Double> explained) {
  public Projection {
    from = List.copyOf(from);
    if (from.isEmpty() || from.stream().anyMatch(size -> size < 1)) {
      throw new IllegalArgumentException("nothing is projected from shape " + from);
    }
    if (!sha256.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException("'" + sha256 + "' is no SHA-256 of a projector");
    }
  }

  /** Values per row before. */
  public int width() {
    return from.stream().reduce(1, Math::multiplyExact);
  }

  public ObjectNode toJson() {
    ObjectNode json = Json.object().put("by", EnumText.of(by));
    from.forEach(json.putArray("from")::add);
    json.put("sha256", sha256);
    explained.ifPresent(part -> json.put("explained_variance", part));
    return json;
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) when a field is missing or unsound
   */
  public static Projection fromJson(JsonFields fields) {
    return new Projection(
        fields.choice("by", ProjectionMethod.class),
        fields.integers("from"),
        fields.text("sha256"),
        fields.optionalNumber("explained_variance"));
  }
}
