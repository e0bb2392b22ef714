package io.lakestill.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import io.lakestill.io.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Whether two bundles hold the same model, and all in which their manifests differ: recipe, data,
 * code and what the training ran on.
 *
 * @param isSame whether every file is the same, byte by byte
 * @param differences by the place in the manifest; those of the recipe by its keys
 */
public record BundleComparison(boolean isSame, List<Difference> differences) {
  /** When a bundle was written says nothing of what is in it. */
  private static final Set<String> UNTOLD = Set.of("created");

  private static final String RECIPE = "recipe";

  /** What a manifest does not have. */
  public static final String NONE = "-";

  /**
   * One thing in which they differ.
   *
   * @param key such as {@code environment.legs[0].cores} or {@code recipe.train.batch}
   * @param left its value as JSON; {@link #NONE} where there is none
   * @param right the other's
   */
  public record Difference(String key, String left, String right) {}

  public BundleComparison {
    differences = List.copyOf(differences);
  }

  public static BundleComparison of(BundleManifest left, BundleManifest right) {
    Map<String, String> one = told(left);
    Map<String, String> other = told(right);
    Set<String> keys = new TreeSet<>(one.keySet());
    keys.addAll(other.keySet());
    List<Difference> differences = new ArrayList<>();
    for (String key : keys) {
      String mine = one.getOrDefault(key, NONE);
      String theirs = other.getOrDefault(key, NONE);
      if (!mine.equals(theirs)) {
        differences.add(new Difference(key, mine, theirs));
      }
    }
    return new BundleComparison(left.contentHash().equals(right.contentHash()), differences);
  }

  /** Every value by its place. */
  private static Map<String, String> told(BundleManifest manifest) {
    ObjectNode json = manifest.toJson();
    json.remove(UNTOLD);
    json.remove("files");
    json.remove(RECIPE);
    Map<String, String> values = new TreeMap<>();
    flatten("", json, values);
    manifest.files().forEach(file -> values.put("files." + file.name(), file.sha256()));
    recipe(manifest.provenance().recipe(), values);
    return values;
  }

  private static void flatten(String place, JsonNode node, Map<String, String> values) {
    if (node instanceof ObjectNode object && !object.isEmpty()) {
      object
          .fields()
          .forEachRemaining(
              field ->
                  flatten(
                      place.isEmpty() ? field.getKey() : place + "." + field.getKey(),
                      field.getValue(),
                      values));
    } else if (node instanceof ArrayNode list && !list.isEmpty() && list.get(0).isContainerNode()) {
      for (int i = 0; i < list.size(); i++) {
        flatten("%s[%d]".formatted(place, i), list.get(i), values);
      }
    } else {
      values.put(place, node.toString());
    }
  }

  private static void recipe(String written, Map<String, String> values) {
    try {
      String json =
          ConfigFactory.parseString(written).resolve().root().render(ConfigRenderOptions.concise());
      flatten(RECIPE, Json.parse(json, RECIPE), values);
    } catch (ConfigException e) {
      values.put(RECIPE, written);
    }
  }
}
