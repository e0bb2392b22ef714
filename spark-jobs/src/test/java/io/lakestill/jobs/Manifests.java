package io.lakestill.jobs;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The YAML files of conf/kubernetes. */
final class Manifests {
  static final Path HOME = Path.of(System.getProperty("lakestill.home"));
  static final Path FOLDER = HOME.resolve("conf/kubernetes");
  static final String DRIVER_TEMPLATE = "driver-template.yaml";
  static final String EXECUTOR_TEMPLATE = "executor-template.yaml";
  static final String APPLICATION = "spark-application.yaml";

  private static final ObjectMapper YAML =
      new ObjectMapper(new YAMLFactory()).enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

  private Manifests() {}

  /** A document, and where it stands. */
  record Manifest(String file, JsonNode content) {
    String kind() {
      return content.path("kind").asText();
    }

    String name() {
      return content.at("/metadata/name").asText();
    }

    @Override
    public String toString() {
      return file + " " + kind() + " " + name();
    }
  }

  static List<Manifest> all() throws IOException {
    List<Manifest> manifests = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(FOLDER, "*.yaml")) {
      for (Path file : files) {
        manifests.addAll(of(file.getFileName().toString()));
      }
    }
    return manifests;
  }

  /** The documents of one file, in their order. */
  static List<Manifest> of(String file) throws IOException {
    List<Manifest> manifests = new ArrayList<>();
    try (MappingIterator<JsonNode> documents =
        YAML.readerFor(JsonNode.class).readValues(FOLDER.resolve(file).toFile())) {
      while (documents.hasNext()) {
        manifests.add(new Manifest(file, documents.next()));
      }
    }
    return manifests;
  }

  /** The only document of a file. */
  static JsonNode single(String file) throws IOException {
    List<Manifest> manifests = of(file);
    if (manifests.size() != 1) {
      throw new IllegalArgumentException(file + " holds " + manifests.size() + " documents");
    }
    return manifests.get(0).content();
  }
}
