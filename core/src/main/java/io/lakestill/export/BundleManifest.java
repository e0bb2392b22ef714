package io.lakestill.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Sha256;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.ModelRole;
import io.lakestill.student.StudentGraph;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Everything a user of a bundle needs to know; its JSON form is {@code bundle.v1.schema.json}.
 *
 * @param role what the model is in its run
 * @param classes the class names, in the order of the logits
 * @param features how raw cells become the numbers the model sees
 * @param graph the model's layers and outputs
 * @param opset the ONNX operator set of the model file
 * @param largestLogitDifference between the training engine and ONNX Runtime, over real rows
 * @param provenance where it comes from
 * @param files every file beside the manifest
 */
public record BundleManifest(
    ModelRole role,
    List<String> classes,
    FeatureSettings features,
    StudentGraph graph,
    int opset,
    double largestLogitDifference,
    BundleProvenance provenance,
    List<BundleFile> files) {
  public static final int FORMAT_VERSION = 1;

  public BundleManifest {
    classes = List.copyOf(classes);
    files = List.copyOf(files);
    if (classes.size() != graph.classes()) {
      throw new IllegalArgumentException(
          "%d classes are named, the graph gives %d logits"
              .formatted(classes.size(), graph.classes()));
    }
    if (!features.shape().equals(graph.input().sizes())) {
      throw new IllegalArgumentException(
          "features have shape %s, the graph takes %s".formatted(features.shape(), graph.input()));
    }
    if (!(largestLogitDifference >= 0) || Double.isInfinite(largestLogitDifference)) {
      throw new IllegalArgumentException(
          "largest logit difference must be a number of at least 0, is " + largestLogitDifference);
    }
  }

  /** SHA-256 over names and hashes of all files: the same model has the same, byte by byte. */
  public String contentHash() {
    return Sha256.of(
        files.stream()
            .map(file -> file.name() + " " + file.sha256())
            .sorted()
            .collect(Collectors.joining("\n")));
  }

  /** The same manifest for these files. */
  public BundleManifest withFiles(List<BundleFile> written) {
    return new BundleManifest(
        role, classes, features, graph, opset, largestLogitDifference, provenance, written);
  }

  public ObjectNode toJson() {
    return BundleManifestJson.write(this);
  }

  /**
   * @param origin where the JSON comes from, for messages
   * @throws io.lakestill.error.LakestillException (exit 3) when a field is missing or wrong, or a
   *     later Lakestill wrote it; unknown fields are passed over
   */
  public static BundleManifest fromJson(JsonNode json, String origin) {
    return BundleManifestJson.read(json, origin);
  }
}
