package io.lakestill.jobs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * Processes of their own with the class path of this one: drivers of Lakestill, and whatever Spark
 * needs beside them, without a distribution of Spark. They log to files, on standard error.
 *
 * @param folder holds what they share; {@link #in} makes it
 * @param within a command that runs the one that follows it; mostly nothing
 * @param options of Java: how it compiles and collects
 */
record ForkedJvms(Path folder, List<String> within, List<String> options) {
  private static final Duration PATIENCE = Duration.ofMinutes(20);
  private static final int SHOWN_LINES = 60;

  /** They live for seconds, in which compiling well would cost more than it brings. */
  static final String SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

  private static final String LOGGING =
      """
      status = error
      rootLogger.level = warn
      rootLogger.appenderRef.console.ref = console
      appender.console.type = Console
      appender.console.name = console
      appender.console.target = SYSTEM_ERR
      appender.console.layout.type = PatternLayout
      appender.console.layout.pattern = %d{HH:mm:ss.SSS} %p %c{1}: %m%n%ex
      logger.deploy.name = org.apache.spark.deploy
      logger.deploy.level = info
      logger.lakestill.name = io.lakestill
      logger.lakestill.level = info
      """;

  /**
   * @param folder exists
   */
  static ForkedJvms in(Path folder) throws IOException {
    // Spark launches executors from a folder with jars; theirs come by the class path.
    Files.createDirectories(folder.resolve("spark/jars"));
    Files.writeString(folder.resolve("log4j2.properties"), LOGGING);
    return new ForkedJvms(folder, List.of(), List.of(SHORT_LIVED.split(" ")));
  }

  /** The same, started by a command that runs the one that follows it. */
  ForkedJvms within(List<String> command) {
    return new ForkedJvms(folder, command, options);
  }

  /** The same with other options of Java. */
  ForkedJvms with(List<String> others) {
    return new ForkedJvms(folder, within, others);
  }

  /** What they give Spark as its local folder. */
  Path scratch() {
    return folder.resolve("scratch");
  }

  /** The system property that makes them log so, without {@code -D}. */
  String logging() {
    return "log4j2.configurationFile=" + folder.resolve("log4j2.properties");
  }

  /**
   * The command line of Lakestill as a driver.
   *
   * @param master where its tasks run: {@code local[1]}, {@code spark://...}
   * @param log a file that does not exist
   * @param settings of Spark, as {@code key=value}
   * @param arguments of the command line
   */
  Process lakestill(String master, Path log, List<String> settings, List<String> arguments)
      throws IOException {
    return lakestill(master, log, "1g", settings, arguments);
  }

  /**
   * The same with another heap.
   *
   * @param heap as {@code -Xmx} takes it
   */
  Process lakestill(
      String master, Path log, String heap, List<String> settings, List<String> arguments)
      throws IOException {
    List<String> properties =
        new ArrayList<>(
            List.of(
                logging(),
                "spark.master=" + master,
                "spark.ui.enabled=false",
                "spark.driver.host=127.0.0.1",
                "spark.driver.bindAddress=127.0.0.1",
                "spark.sql.shuffle.partitions=2"));
    properties.addAll(settings);
    return start(log, heap, properties, Lakestill.class, arguments);
  }

  Process start(
      Path log, String heap, List<String> properties, Class<?> main, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>(within);
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.add("-Xmx" + heap);
    command.addAll(options);
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("--add-opens") || argument.startsWith("-Djdk"))
        .forEach(command::add);
    properties.forEach(property -> command.add("-D" + property));
    command.add(main.getName());
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
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
                "127.0.0.1",
                "SPARK_LOCAL_DIRS",
                scratch().toString()));
    return builder.start();
  }

  static String text(Path log) {
    try {
      return new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The last lines of a log. */
  static String end(Path log) {
    List<String> lines = text(log).lines().toList();
    int from = Math.max(0, lines.size() - SHOWN_LINES);
    return String.join("\n", lines.subList(from, lines.size()));
  }

  /**
   * What the threads do just now that work for us, of processes that a test waited for too long.
   */
  static String stacks(Stream<ProcessHandle> processes) {
    return processes
        .filter(ProcessHandle::isAlive)
        .map(ForkedJvms::stacks)
        .collect(Collectors.joining());
  }

  private static String stacks(ProcessHandle process) {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    try {
      Process asked =
          new ProcessBuilder(jcmd, "" + process.pid(), "Thread.print")
              .redirectErrorStream(true)
              .start();
      String all = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return Arrays.stream(all.split("\n\n"))
          .filter(thread -> thread.contains("io.lakestill") || thread.contains("\"main\""))
          .collect(
              Collectors.joining("\n\n", "%n== threads of %d%n".formatted(process.pid()), "\n"));
    } catch (IOException e) {
      return "%n== threads of %d: %s%n".formatted(process.pid(), e);
    }
  }

  /** Ends processes and their children, and waits for it. */
  static void end(Process... processes) {
    List<ProcessHandle> all =
        Arrays.stream(processes)
            .flatMap(process -> Stream.concat(process.descendants(), Stream.of(process.toHandle())))
            .toList();
    all.forEach(ProcessHandle::destroyForcibly);
    Awaitility.await().atMost(PATIENCE).until(() -> all.stream().noneMatch(p -> p.isAlive()));
  }
}
