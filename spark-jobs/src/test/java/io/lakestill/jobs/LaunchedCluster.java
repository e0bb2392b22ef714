package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A cluster of real daemons that {@code bin/cluster} starts, and commands that {@code
 * bin/lakestill} submits to it, as a person does both.
 */
final class LaunchedCluster implements AutoCloseable {
  private static final Path HOME = Path.of(System.getProperty("lakestill.home"));
  private static final long PATIENCE_MINUTES = 20;
  private static final Pattern MASTER =
      Pattern.compile("deploy\\.yarn\\.(ApplicationMaster|ExecutorLauncher)");

  private final String kind;
  private final Path folder;
  private final List<Submitted> submitted = new ArrayList<>();

  /** A command on its way, with the files it writes to. */
  record Submitted(Process process, Path stdout, Path stderr) {

    String said() {
      return ForkedJvms.text(stderr);
    }

    /** The last line on standard output. */
    JsonNode summary() throws IOException {
      List<String> lines = ForkedJvms.text(stdout).lines().toList();
      assertThat(lines).as(said()).isNotEmpty();
      return new ObjectMapper().readTree(lines.get(lines.size() - 1));
    }
  }

  private LaunchedCluster(String kind, Path folder) {
    this.kind = kind;
    this.folder = folder;
  }

  /**
   * @param kind {@code yarn} or {@code standalone}
   * @param folder does not exist
   */
  static LaunchedCluster up(String kind, Path folder, String... options) throws Exception {
    LaunchedCluster cluster = new LaunchedCluster(kind, folder);
    // Also when somebody stops the tests.
    Runtime.getRuntime().addShutdownHook(new Thread(cluster::close));
    List<String> command = new ArrayList<>(List.of("up", "--folder", folder.toString()));
    command.addAll(List.of(options));
    assertSucceeds(cluster.bin("cluster", kind, command));
    return cluster;
  }

  /** {@code bin/lakestill} with options, a command and its arguments. */
  Submitted lakestill(String... arguments) throws IOException {
    Submitted command = bin("lakestill", "", List.of(arguments));
    submitted.add(command);
    return command;
  }

  private Submitted bin(String script, String first, List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(HOME.resolve("bin").resolve(script).toString());
    if (!first.isEmpty()) {
      command.add(first);
    }
    command.addAll(arguments);
    Path stdout = Files.createTempFile(folder.getParent(), script, ".out");
    Path stderr = Files.createTempFile(folder.getParent(), script, ".err");
    ProcessBuilder builder = new ProcessBuilder(command).directory(HOME.toFile());
    Map<String, String> environment = builder.environment();
    environment.put("HADOOP_CONF_DIR", folder.resolve("conf").toString());
    environment.put("SPARK_CONF_DIR", folder.resolve("conf").toString());
    environment.put("SPARK_LOCAL_IP", "127.0.0.1");
    return new Submitted(
        builder.redirectOutput(stdout.toFile()).redirectError(stderr.toFile()).start(),
        stdout,
        stderr);
  }

  void assertEnds(Submitted command, int exit) throws InterruptedException {
    boolean ended = command.process().waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES);
    assertThat(ended).as(() -> "ended in time: " + command.said() + logs()).isTrue();
    assertThat(command.process().exitValue()).as(() -> command.said() + logs()).isEqualTo(exit);
  }

  /** The master of a standalone cluster, as Spark writes it. */
  String master() throws IOException {
    String[] ports = Files.readString(folder.resolve("ports")).strip().split(" ", -1);
    return "spark://127.0.0.1:" + ports[1];
  }

  /** Kills a node and whatever runs there. */
  void lose(int node) throws Exception {
    assertSucceeds(bin("cluster", kind, List.of("lose", "" + node, "--folder", folder.toString())));
  }

  /** Starts again what has ended. */
  void upAgain() throws Exception {
    assertSucceeds(bin("cluster", kind, List.of("up", "--folder", folder.toString())));
  }

  private static void assertSucceeds(Submitted command) throws InterruptedException {
    assertThat(command.process().waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)).isTrue();
    assertThat(command.process().exitValue()).as(command.said()).isZero();
  }

  /** The node on which no application master runs, of two. */
  int nodeWithoutMaster() {
    return masters(folder.resolve("node-0")).isEmpty() ? 0 : 1;
  }

  /** The application masters of YARN, with the driver in them or not. */
  List<ProcessHandle> masters() {
    return masters(folder);
  }

  private static List<ProcessHandle> masters(Path below) {
    return lodgers(below).stream()
        .filter(process -> process.info().command().orElse("").endsWith("/java"))
        .filter(process -> MASTER.matcher(commandLine(process)).find())
        .toList();
  }

  private static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc", "" + process.pid(), "cmdline"));
    } catch (IOException e) {
      return ""; // Gone meanwhile.
    }
  }

  /** What works below a folder: containers, drivers and executors. */
  private static List<ProcessHandle> lodgers(Path below) {
    return ProcessHandle.allProcesses()
        .filter(process -> workingFolder(process).filter(at -> at.startsWith(below)).isPresent())
        .filter(process -> !workingFolder(process).equals(Optional.of(below)))
        .toList();
  }

  private static Optional<Path> workingFolder(ProcessHandle process) {
    try {
      return Optional.of(Files.readSymbolicLink(Path.of("/proc", "" + process.pid(), "cwd")));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The end of what daemons and containers wrote, the newest first. */
  String logs() {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".log") || file.endsWith("stderr"))
          .filter(Files::isRegularFile)
          .map(file -> "%n== %s%n%s".formatted(folder.relativize(file), ForkedJvms.end(file)))
          .collect(Collectors.joining());
    } catch (IOException | UncheckedIOException e) {
      return "no logs: " + e;
    }
  }

  @Override
  public void close() {
    ForkedJvms.end(submitted.stream().map(Submitted::process).toArray(Process[]::new));
    try {
      Submitted down = bin("cluster", kind, List.of("down", "--folder", folder.toString()));
      assertThat(down.process().waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)).isTrue();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
