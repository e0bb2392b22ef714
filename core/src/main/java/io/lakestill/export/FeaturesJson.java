package io.lakestill.export;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.EnumText;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.recipe.Encoding;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.Layout;
import io.lakestill.recipe.Normalisation;

/** The JSON of the preprocessing: the keys of the recipe's {@code data.features}. */
final class FeaturesJson {
  private FeaturesJson() {}

  static ObjectNode write(FeatureSettings features) {
    ObjectNode json = Json.object();
    features.columns().forEach(json.putArray("columns")::add);
    json.put("encoding", EnumText.of(features.encoding()));
    features.shape().forEach(json.putArray("shape")::add);
    json.put("layout", EnumText.of(features.layout())).put("scale", features.scale());
    features.normalisation().mean().forEach(json.putArray("mean")::add);
    features.normalisation().deviation().forEach(json.putArray("deviation")::add);
    return json;
  }

  /**
   * @throws IllegalArgumentException when the values contradict each other
   */
  static FeatureSettings read(JsonFields fields) {
    return new FeatureSettings(
        fields.texts("columns"),
        fields.choice("encoding", Encoding.class),
        fields.integers("shape"),
        fields.choice("layout", Layout.class),
        fields.number("scale"),
        new Normalisation(fields.numbers("mean"), fields.numbers("deviation")));
  }
}
