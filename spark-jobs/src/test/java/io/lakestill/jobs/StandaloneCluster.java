package io.lakestill.jobs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
 * processes of their own. Executors are further processes.
 */
final class StandaloneCluster implements AutoCloseable {
  private static final int WORKERS = 2;
  private static final Duration PATIENCE = Duration.ofMinutes(20);
  private static final Pattern ADDRESS =
      Pattern.compile("Starting Spark master at (spark://[0-9.]+:[0-9]+)");

  private final ForkedJvms jvms;
  private final List<Process> workers = new ArrayList<>();
  private Process master;
  private String address;

  private StandaloneCluster(ForkedJvms jvms) {
    this.jvms = jvms;
  }

  /**
   * Starts it and waits until the workers are there.
   *
   * @param folder an empty one, for logs and work
   */
  static StandaloneCluster start(Path folder) throws IOException {
    StandaloneCluster cluster = new StandaloneCluster(ForkedJvms.in(folder));
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
    List<String> local = List.of("--host", "127.0.0.1", "--port", "0", "--webui-port", "0");
    master = start("master", Master.class, local);
    address = Awaitility.await().atMost(PATIENCE).until(this::address, Optional::isPresent).get();
    for (int k = 0; k < WORKERS; k++) {
      List<String> arguments = new ArrayList<>(local);
      String work = jvms.folder().resolve("worker-" + k).toString();
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
    return jvms.start(path(name), "256m", List.of(jvms.logging()), main, arguments);
  }

  /**
   * The command line in a driver of its own, whose executors have one core each.
   *
   * @param log a file that does not exist
   * @param settings of Spark, as {@code key=value}
   * @param arguments of the command line
   */
  Process lakestill(Path log, List<String> settings, List<String> arguments) throws IOException {
    List<String> all = new ArrayList<>();
    all.add("spark.cores.max=" + WORKERS);
    all.add("spark.executor.cores=1");
    all.add("spark.executor.memory=1g");
    all.add("spark.executor.extraClassPath=" + System.getProperty("java.class.path"));
    all.add("spark.executor.extraJavaOptions=-D" + jvms.logging() + " " + ForkedJvms.SHORT_LIVED);
    all.add("spark.scheduler.minRegisteredResourcesRatio=1.0");
    all.add("spark.scheduler.maxRegisteredResourcesWaitingTime=60s");
    all.add("spark.locality.wait=0");
    all.addAll(settings);
    return jvms.lakestill(address, log, all, arguments);
  }

  /** The same on one machine, without executors of their own. */
  Process lakestillAlone(Path log, List<String> settings, List<String> arguments)
      throws IOException {
    return jvms.lakestill("local[2]", log, settings, arguments);
  }

  /** The executors that live. */
  List<ProcessHandle> executors() {
    return workers.stream().flatMap(Process::children).filter(ProcessHandle::isAlive).toList();
  }

  /** The end of the log of each process of the cluster and of the last executors. */
  String logs() {
    try (Stream<Path> files = Files.walk(jvms.folder())) {
      return files
          .filter(file -> file.toString().endsWith(".log") || file.endsWith("stderr"))
          .sorted()
          .map(
              file -> "%n== %s%n%s".formatted(jvms.folder().relativize(file), ForkedJvms.end(file)))
          .collect(Collectors.joining());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String log(String name) {
    return ForkedJvms.text(path(name));
  }

  private Path path(String name) {
    return jvms.folder().resolve(name + ".log");
  }

  @Override
  public void close() {
    List<Process> processes = new ArrayList<>(workers);
    Optional.ofNullable(master).ifPresent(processes::add);
    ForkedJvms.end(processes.toArray(Process[]::new));
  }
}
