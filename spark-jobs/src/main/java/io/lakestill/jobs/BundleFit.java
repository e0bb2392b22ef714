package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.export.Bundle;
import io.lakestill.export.BundleManifest;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.Normalisation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Whether a bundle that is to teach means the same by a class and by a number as the recipe does.
 * How rows are stored (encoding, one column or many) may be another: the lake is not the one the
 * bundle was trained on.
 *
 * @param id of the teacher
 * @param bundle the exported model
 * @param features how the recipe lets the teacher see examples
 * @param classes the recipe's
 */
record BundleFit(String id, Bundle bundle, FeatureSettings features, List<String> classes) {

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) naming everything that differs
   */
  void require() {
    BundleManifest trained = bundle.manifest();
    if (!trained.classes().equals(classes)) {
      throw Errors.badInput(
          ("Teacher '%s' is the bundle '%s' of classes %s, the recipe has %s; its logits are in the"
                  + " order of its own, so correct data.classes, or name another bundle.")
              .formatted(id, bundle.folder(), trained.classes(), classes));
    }
    List<String> differences = differences(trained.features());
    if (!differences.isEmpty()) {
      throw Errors.badInput(
          ("Teacher '%s' is the bundle '%s', which was trained on other numbers than the recipe"
                  + " gives it: %s. Correct the recipe: a teacher can have a normalise or features of"
                  + " its own. If the numbers are the same all the same, name the model itself, onnx ="
                  + " %s/%s.")
              .formatted(
                  id,
                  bundle.folder(),
                  String.join("; ", differences),
                  bundle.folder(),
                  trained.role().modelFile()));
    }
  }

  private List<String> differences(FeatureSettings trained) {
    List<String> found = new ArrayList<>();
    compare(found, "shape", trained.shape(), features.shape());
    compare(found, "scale", trained.scale(), features.scale());
    int channels = features.shape().size() == 3 ? features.shape().get(0) : 1;
    Normalisation before = trained.normalisation();
    Normalisation now = features.normalisation();
    if (trained.shape().equals(features.shape())) {
      compare(
          found,
          "normalise.mean",
          perChannel(before.mean(), channels),
          perChannel(now.mean(), channels));
      compare(
          found,
          "normalise.deviation",
          perChannel(before.deviation(), channels),
          perChannel(now.deviation(), channels));
    }
    if (channels > 1 && trained.encoding() == features.encoding()) {
      compare(found, "layout", trained.layout(), features.layout());
    }
    if (trained.columns().size() > 1 && features.columns().size() > 1) {
      compare(found, "columns", trained.columns(), features.columns());
    }
    return found;
  }

  private static void compare(List<String> found, String what, Object trained, Object given) {
    if (!trained.equals(given)) {
      found.add("%s was %s, is %s".formatted(what, trained, given));
    }
  }

  private static List<Double> perChannel(List<Double> values, int channels) {
    return values.size() == 1 ? Collections.nCopies(channels, values.get(0)) : values;
  }
}
