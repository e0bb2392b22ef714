package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What conf/kubernetes/Dockerfile makes, as links to the files that it copies.
 *
 * @param root of its files
 * @param entryPoint what a container runs that has no command of its own
 * @param workingFolder where it runs
 * @param environment what it sets
 */
record ContainerImage(
    Path root, String entryPoint, String workingFolder, Map<String, String> environment) {

  /**
   * @param root does not exist
   */
  static ContainerImage lay(Path root) throws IOException {
    Dockerfile file = Dockerfile.read(Manifests.FOLDER.resolve("Dockerfile"), Manifests.HOME);
    assertThat(file.copied())
        .as("built, with the Spark of bin/setup")
        .allSatisfy(copied -> assertThat(copied.found()).as(copied.pattern()).hasSize(1));
    for (Map.Entry<String, Path> copied : file.image().entrySet()) {
      Path link = root.resolve(copied.getKey().substring(1));
      Files.createDirectories(link.getParent());
      Files.createSymbolicLink(link, copied.getValue().toRealPath());
    }
    Map<String, String> environment = new HashMap<>(Map.of("PATH", "/usr/bin:/bin"));
    // What a base image sets.
    environment.put("JAVA_HOME", System.getProperty("java.home"));
    environment.put("LANG", "C.UTF-8");
    for (String setting : file.all("ENV").stream().flatMap(List::stream).toList()) {
      String[] parts = setting.split("=", 2);
      environment.put(parts[0], parts[1].replaceAll(".\\{PATH}", "/usr/bin:/bin"));
    }
    return new ContainerImage(root, only(file, "ENTRYPOINT"), only(file, "WORKDIR"), environment);
  }

  private static String only(Dockerfile file, String instruction) {
    return file.all(instruction).get(0).get(0).replaceAll("[\\[\\]\"]", "");
  }

  /** By their names in the container. */
  Map<String, Path> folders() {
    return Map.of(
        "/opt/spark", root.resolve("opt/spark"), "/opt/lakestill", root.resolve("opt/lakestill"));
  }
}
