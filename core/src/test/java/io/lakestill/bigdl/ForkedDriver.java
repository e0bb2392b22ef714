package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A driver in a process of its own, with a standalone cluster that it starts itself.
 *
 * @param folder that it is given as its first argument
 */
record ForkedDriver(Path folder) {
  private static final int PATIENCE_MINUTES = 4;

  /** How it ended, and what it said. */
  record Ended(int exit, String output) {}

  /** Starts the driver and waits for it; Spark launches executors from a folder with jars. */
  Ended run(Class<?> main, String... arguments) throws IOException, InterruptedException {
    Files.createDirectories(folder.resolve("spark/jars"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("--add-opens"))
        .forEach(command::add);
    command.add("-Xmx1g");
    command.add(main.getName());
    command.add(folder.toString());
    command.addAll(List.of(arguments));
    File log = folder.resolve("driver.log").toFile();
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log);
    builder
        .environment()
        .putAll(
            Map.of(
                "CLASSPATH",
                System.getProperty("java.class.path"),
                "SPARK_HOME",
                folder.resolve("spark").toString(),
                "SPARK_SCALA_VERSION",
                "2.12",
                "SPARK_LOCAL_IP",
                "127.0.0.1"));
    Process driver = builder.start();
    try {
      boolean ended = driver.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES);
      String output = Files.readString(log.toPath());
      assertThat(ended).as(output).isTrue();
      return new Ended(driver.exitValue(), output);
    } finally {
      driver.descendants().forEach(ProcessHandle::destroyForcibly);
      driver.destroyForcibly();
    }
  }

  /** Kills an executor of the driver that this is, as when its machine dies. */
  static void killExecutor() {
    ProcessHandle executor =
        ProcessHandle.current()
            .descendants()
            .filter(ForkedDriver::isExecutor)
            .findFirst()
            .orElseThrow();
    System.err.println("killed executor: " + executor.destroyForcibly());
  }

  private static boolean isExecutor(ProcessHandle process) {
    // Executors are the driver's only children in Java; their command lines are too long to read.
    return process.info().command().orElse("").endsWith("java");
  }
}
