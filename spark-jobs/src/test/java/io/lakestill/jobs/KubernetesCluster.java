package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.lakestill.jobs.LaunchedCluster.Submitted;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A mock API server, an agent that runs its pods, and commands that {@code bin/lakestill} submits
 * to it. Accounts have the roles of {@code conf/kubernetes/namespace.yaml}, and pods a folder that
 * stays: {@value #DATA}.
 */
final class KubernetesCluster implements AutoCloseable {
  private static final Path HOME = Path.of(System.getProperty("lakestill.home"));
  private static final long PATIENCE_MINUTES = 20;
  private static final String NAMESPACE = "lakestill";
  private static final String DRIVER = "lakestill-driver";
  private static final String SUBMITTER = "lakestill-submitter";
  private static final String CLAIM = "persistentVolumeClaim.data.";

  static final String DATA = "/data";

  private final Path folder;
  private final ApiServer server;
  private final KubernetesClient client;
  private final PodAgent agent;
  private final List<Submitted> submitted = new ArrayList<>();

  private KubernetesCluster(Path folder, ApiServer server, PodAgent agent) {
    this.folder = folder;
    this.server = server;
    this.agent = agent;
    client = server.client(NAMESPACE);
  }

  /**
   * @param folder does not exist
   * @param data the folder that pods have as {@value #DATA}
   */
  static KubernetesCluster up(Path folder, Path data) throws IOException {
    Path pods = Files.createDirectories(folder.resolve("pods"));
    ContainerImage image = ContainerImage.lay(folder.resolve("image"));
    ApiServer server = ApiServer.start(roles());
    Map<String, Path> claims = Map.of("lakestill-data", data);
    PodAgent agent = new PodAgent(server.client(NAMESPACE), server.port(), pods, image, claims);
    KubernetesCluster cluster = new KubernetesCluster(folder, server, agent);
    // Also when somebody stops the tests.
    Runtime.getRuntime().addShutdownHook(new Thread(cluster::end));
    return cluster;
  }

  /** Accounts have the roles of their names. */
  private static Map<String, Role> roles() throws IOException {
    Map<String, Role> roles = new HashMap<>();
    Path file = HOME.resolve("conf/kubernetes/namespace.yaml");
    try (ApiServer none = ApiServer.start(Map.of());
        KubernetesClient reader = none.client(NAMESPACE);
        InputStream in = Files.newInputStream(file)) {
      for (HasMetadata resource : reader.load(in).items()) {
        if (resource instanceof Role role) {
          roles.put(role.getMetadata().getName(), role);
        }
      }
    }
    return roles;
  }

  /** {@code bin/lakestill} with executors of one core, a command and its arguments. */
  Submitted lakestill(String mode, List<String> settings, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(HOME.resolve("bin/lakestill").toString()));
    command.addAll(List.of("--master", "k8s://" + server.url(), "--deploy-mode", mode));
    command.addAll(List.of("--num-executors", "2", "--executor-cores", "1"));
    command.addAll(List.of("--executor-memory", "1g", "--driver-memory", "1g"));
    List<String> all = new ArrayList<>();
    all.add("spark.kubernetes.container.image=lakestill:test");
    if (mode.equals("cluster")) {
      all.add("spark.kubernetes.authenticate.submission.oauthTokenFile=" + token(SUBMITTER));
      // A pod finds these by itself where the API server has its usual name.
      all.add("spark.kubernetes.driver.master=" + server.url());
      all.add("spark.kubernetes.authenticate.driver.mounted.oauthTokenFile=" + PodSandbox.TOKEN);
    } else {
      all.add("spark.kubernetes.authenticate.oauthTokenFile=" + token(DRIVER));
    }
    for (String role : List.of("driver", "executor")) {
      String volume = "spark.kubernetes." + role + ".volumes." + CLAIM;
      all.add(volume + "options.claimName=lakestill-data");
      all.add(volume + "mount.path=" + DATA);
    }
    all.add("spark.ui.enabled=false"); // It listens on every address.
    all.addAll(settings);
    all.forEach(setting -> command.addAll(List.of("--conf", setting)));
    command.addAll(arguments);
    Path stdout = Files.createTempFile(folder, "lakestill", ".out");
    Path stderr = Files.createTempFile(folder, "lakestill", ".err");
    ProcessBuilder builder = new ProcessBuilder(command).directory(HOME.toFile());
    builder.environment().put("NO_PROXY", "127.0.0.1");
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    Process process =
        builder.redirectOutput(stdout.toFile()).redirectError(stderr.toFile()).start();
    Submitted run = new Submitted(process, stdout, stderr);
    submitted.add(run);
    return run;
  }

  /** A file with the token of an account, which is its name. */
  private Path token(String account) throws IOException {
    return Files.writeString(folder.resolve(account), account);
  }

  void assertEnds(Submitted command, int exit) throws InterruptedException {
    boolean ended = command.process().waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES);
    assertThat(ended).as(() -> "ended in time: " + command.said() + logs()).isTrue();
    assertThat(command.process().exitValue()).as(() -> command.said() + logs()).isEqualTo(exit);
  }

  /** The pods that run, of drivers or executors. */
  List<Pod> running(String role) {
    return client.pods().withLabel("spark-role", role).list().getItems().stream()
        .filter(pod -> agent.processes().containsKey(pod.getMetadata().getName()))
        .toList();
  }

  /** All drivers there ever were, but for those that were deleted. */
  List<Pod> drivers() {
    return client.pods().withLabel("spark-role", "driver").list().getItems();
  }

  void delete(Pod pod) {
    assertThat(client.resource(pod).delete()).isNotEmpty();
  }

  /** As the kernel does with a container that exceeds its memory. */
  void kill(Pod pod) {
    ForkedJvms.end(agent.processes().get(pod.getMetadata().getName()));
  }

  /** What a pod wrote. */
  String log(Pod pod) {
    return ForkedJvms.text(agent.log(pod.getMetadata().getName()));
  }

  ApiServer server() {
    return server;
  }

  /** The end of what pods wrote, and what was asked of the API server. */
  String logs() {
    try (Stream<Path> files = Files.walk(folder.resolve("pods"), 2)) {
      return files
              .filter(file -> file.endsWith("log") && Files.isRegularFile(file))
              .sorted()
              .map(file -> "%n== %s%n%s".formatted(file, ForkedJvms.end(file)))
              .collect(Collectors.joining())
          + server.log();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void end() {
    ForkedJvms.end(submitted.stream().map(Submitted::process).toArray(Process[]::new));
    agent.close();
  }

  @Override
  public void close() {
    end();
    client.close();
    server.close();
  }
}
