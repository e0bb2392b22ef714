package io.lakestill.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A checkout with the real scripts, in a folder whose name has a space, on a machine where every
 * tool that costs time or network is a script of the test.
 */
final class ScriptedCheckout {
  private static final Path PROJECT = Path.of(System.getProperty("lakestill.home"));
  private static final String SLIM =
      ".lakestill/repo/com/intel/analytics/bigdl/bigdl-dllib-slim/2.5.0b20240324/"
          + "bigdl-dllib-slim-2.5.0b20240324";
  private static final String CORE =
      ".lakestill/repo/com/intel/analytics/bigdl/bigdl-core/2.4.0.dev1/bigdl-core-2.4.0.dev1";

  /** What a script left behind. */
  record Outcome(int exitCode, String stdout, String stderr) {}

  private final Path root;
  private final Path tools;
  private final Path caller;
  private final Map<String, String> environment = new HashMap<>();

  ScriptedCheckout(Path folder) throws IOException {
    root = folder.resolve("a checkout");
    tools = Files.createDirectories(folder.resolve("tools"));
    caller = Files.createDirectories(folder.resolve("caller"));
    for (String copied : List.of("bin", "conf/spark", "pom.xml", ".mvn")) {
      copy(PROJECT.resolve(copied), root.resolve(copied));
    }
    for (String module : List.of("core", "spark-jobs")) {
      write(module + "/pom.xml", "");
      write(module + "/src/main/java/Some.java", "");
    }
    tool("java", "echo 'openjdk version \"17.0.15\"' >&2");
    tool("javac", "");
    tool("mvn", "exit 1");
  }

  /** Puts what {@code bin/setup} lays out in its place, empty. */
  void isSetUp() throws IOException {
    for (String ending : List.of(".jar", ".jar.sha1", ".pom", ".pom.sha1")) {
      write(SLIM + ending, "");
      write(CORE + ending, "");
    }
    write(".lakestill/spark/jars/spark-core_2.12-3.5.7.jar", "");
    script(root.resolve(".lakestill/spark/bin/spark-submit"), "printf '%s\\n' \"$@\"; exit 6");
  }

  Path write(String file, String content) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    return Files.writeString(path, content);
  }

  Path path(String file) {
    return root.resolve(file);
  }

  Path caller() {
    return caller;
  }

  /** Makes {@code name} run {@code body}, a bash script, from here on. */
  void tool(String name, String body) throws IOException {
    script(tools.resolve(name), body);
  }

  void environment(String name, String value) {
    environment.put(name, value);
  }

  Outcome run(String script, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(root.resolve(script).toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(caller.toFile());
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.matches("(SPARK|LAKESTILL|HADOOP)_.*|JAVA_HOME|PYTHON"));
    builder.environment().put("PATH", tools + File.pathSeparator + System.getenv("PATH"));
    builder.environment().putAll(environment);
    Path stdout = tools.resolve("stdout.txt");
    Path stderr = tools.resolve("stderr.txt");
    Process process =
        builder.redirectOutput(stdout.toFile()).redirectError(stderr.toFile()).start();
    process.getOutputStream().close();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s ends", script).isTrue();
    return new Outcome(
        process.exitValue(), Files.readString(stdout, UTF_8), Files.readString(stderr, UTF_8));
  }

  private static void script(Path path, String body) throws IOException {
    Files.createDirectories(path.getParent());
    Files.writeString(path, "#!/usr/bin/env bash\n" + body + "\n");
    assertThat(path.toFile().setExecutable(true)).isTrue();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> paths = Files.walk(from)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        Path target = to.resolve(from.relativize(path).toString());
        Files.createDirectories(target.getParent());
        Files.copy(path, target);
        if (Files.isExecutable(path)) {
          assertThat(target.toFile().setExecutable(true)).isTrue();
        }
      }
    }
  }
}
