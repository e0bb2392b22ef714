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
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.deploy.master.Master;
import org.apache.spark.deploy.worker.Worker;
import org.awaitility.Awaitility;

/**
 * A Spark standalone cluster on this machine: a master and two workers of one core each, in
 * processes of their own, without a distribution of Spark. Executors are further processes.
 */
final class StandaloneCluster implements AutoCloseable {
  private static final int WORKERS = 2;
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final Pattern ADDRESS =
      Pattern.compile("Starting Spark master at (spark://[0-9.]+:[0-9]+)");
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

  private final Path folder;
  private final List<Process> workers = new ArrayList<>();
  private Process master;
  private String address;

  private StandaloneCluster(Path folder) {
    this.folder = folder;
  }

  /**
   * Starts it and waits until the workers are there.
   *
   * @param folder an empty one, for logs and work
   */
  static StandaloneCluster start(Path folder) throws IOException {
    StandaloneCluster cluster = new StandaloneCluster(folder);
    // Also when somebody stops the tests.
    Runtime.getRuntime().addShutdownHook(new Thread(cluster::close));
    try {
      cluster.startProcesses();
      return cluster;
    } catch (IOException | RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  private void startProcesses() throws IOException {
    // Spark launches executors from a folder with jars; theirs come by the class path.
    Files.createDirectories(folder.resolve("spark/jars"));
    Files.writeString(folder.resolve("log4j2.properties"), LOGGING);
    List<String> local = List.of("--host", "127.0.0.1", "--port", "0", "--webui-port", "0");
    master = start("master", Master.class, local);
    address = Awaitility.await().atMost(PATIENCE).until(this::address, Optional::isPresent).get();
    for (int k = 0; k < WORKERS; k++) {
      List<String> arguments = new ArrayList<>(local);
      String work = folder.resolve("worker-" + k).toString();
      arguments.addAll(List.of("-c", "1", "-m", "1200m", "-d", work, address));
      workers.add(start("worker-" + k, Worker.class, arguments));
    }
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> log("master").split("Registering worker", -1).length > WORKERS);
  }

  private Optional<String> address() {
    if (!master.isAlive()) {
      throw new IllegalStateException("the master ended: " + log("master"));
    }
    Matcher matcher = ADDRESS.matcher(log("master"));
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  private Process start(String name, Class<?> main, List<String> arguments) throws IOException {
    return process(folder.resolve(name + ".log"), "256m", List.of(logging()), main, arguments);
  }

  /**
   * The command line in a driver of its own, whose executors have one core each.
   *
   * @param log a file that does not exist
   * @param settings of Spark, as {@code key=value}
   * @param arguments of the command line
   */
  Process lakestill(Path log, List<String> settings, List<String> arguments) throws IOException {
    List<String> properties = new ArrayList<>();
    properties.add("spark.master=" + address);
    properties.addAll(driverProperties());
    properties.add("spark.cores.max=" + WORKERS);
    properties.add("spark.executor.cores=1");
    properties.add("spark.executor.memory=1g");
    properties.add("spark.executor.extraClassPath=" + System.getProperty("java.class.path"));
    properties.add("spark.executor.extraJavaOptions=-D" + logging());
    properties.add("spark.scheduler.minRegisteredResourcesRatio=1.0");
    properties.add("spark.scheduler.maxRegisteredResourcesWaitingTime=60s");
    properties.add("spark.locality.wait=0");
    properties.addAll(settings);
    return process(log, "1g", properties, Lakestill.class, arguments);
  }

  private String logging() {
    return "log4j2.configurationFile=" + folder.resolve("log4j2.properties");
  }

  /** What a driver of a test is told, on whatever cluster. */
  private List<String> driverProperties() {
    return List.of(
        logging(),
        "spark.ui.enabled=false",
        "spark.driver.host=127.0.0.1",
        "spark.driver.bindAddress=127.0.0.1",
        "spark.sql.shuffle.partitions=2");
  }

  /** The same on one machine, without executors of their own. */
  Process lakestillAlone(Path log, List<String> settings, List<String> arguments)
      throws IOException {
    List<String> properties = new ArrayList<>(driverProperties());
    properties.add("spark.master=local[2]");
    properties.addAll(settings);
    return process(log, "1g", properties, Lakestill.class, arguments);
  }

  private Process process(
      Path log, String heap, List<String> properties, Class<?> main, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.add("-Xmx" + heap);
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
                folder.resolve("scratch").toString()));
    return builder.start();
  }

  /** The executors that live. */
  List<ProcessHandle> executors() {
    return workers.stream().flatMap(Process::children).filter(ProcessHandle::isAlive).toList();
  }

  /** The end of the log of each process of the cluster and of the last executors. */
  String logs() {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".log") || file.endsWith("stderr"))
          .sorted()
          .map(file -> "%n== %s%n%s".formatted(folder.relativize(file), end(file)))
          .collect(Collectors.joining());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The last lines of a log. */
  static String end(Path log) {
    List<String> lines = text(log).lines().toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
  }

  private String log(String name) {
    return text(folder.resolve(name + ".log"));
  }

  private static String text(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    List<Process> processes = new ArrayList<>(workers);
    Optional.ofNullable(master).ifPresent(processes::add);
    end(processes.toArray(Process[]::new));
  }

  /** Ends processes and their executors, and waits for it. */
  static void end(Process... processes) {
    List<ProcessHandle> all =
        Arrays.stream(processes)
            .flatMap(process -> Stream.concat(process.descendants(), Stream.of(process.toHandle())))
            .toList();
    all.forEach(ProcessHandle::destroyForcibly);
    Awaitility.await().atMost(PATIENCE).until(() -> all.stream().noneMatch(p -> p.isAlive()));
  }
}
