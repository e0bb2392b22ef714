package io.lakestill.jobs;

import io.lakestill.io.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Libraries that are on a class path twice, in two versions: which of them answers is left to
 * chance, and what fails then says something else. A second copy of the same version is no fault.
 */
final class ClassClashes {
  /** A class of each library that sites, or a fat jar of BigDL, bring once more. */
  private static final Map<String, String> WITNESSES =
      Map.of(
          "Lakestill", "io/lakestill/jobs/Lakestill.class",
          "BigDL", "com/intel/analytics/bigdl/dllib/utils/Engine.class",
          "ONNX Runtime", "ai/onnxruntime/OrtEnvironment.class",
          "Jackson", "com/fasterxml/jackson/databind/ObjectMapper.class",
          "slf4j", "org/slf4j/LoggerFactory.class");

  private ClassClashes() {}

  /** Each with the places it was found in, and what to do. */
  static List<String> found(ClassLoader loader) {
    List<String> faults = new ArrayList<>();
    WITNESSES.forEach(
        (library, witness) -> {
          Map<String, String> places = places(loader, witness);
          if (places.size() > 1) {
            faults.add(
                "finds %s in two versions: %s; take one of them from --jars, --packages or the site's class path (spark.*.extraClassPath)"
                    .formatted(library, String.join(" and ", places.values())));
          }
        });
    Collections.sort(faults);
    return faults;
  }

  /** One place for each content. */
  private static Map<String, String> places(ClassLoader loader, String witness) {
    Map<String, String> places = new LinkedHashMap<>();
    try {
      for (URL url : Collections.list(loader.getResources(witness))) {
        try (InputStream in = url.openStream()) {
          String jar = url.toString().replaceFirst("!?/" + witness + "$", "");
          places.putIfAbsent(Sha256.of(in.readAllBytes()), jar.replaceFirst("^jar:", ""));
        }
      }
      return places;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot look for " + witness, e);
    }
  }
}
