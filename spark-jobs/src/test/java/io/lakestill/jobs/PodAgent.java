package io.lakestill.jobs;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.PodResource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/**
 * Runs the pods of a namespace as processes of this machine, and tells the API server what becomes
 * of them: the parts of scheduler, kubelet, name service and garbage collector that Spark sees.
 *
 * <p>Each pod has an address of its own, of those that mean this machine ({@code 127.x.y.z}). The
 * names of headless services are known to the JVMs of pods alone, by the JDK's own {@code
 * jdk.net.hosts.file}, so {@code spark.driver.host} is what Spark sets. A pod that is deleted is
 * asked to end, and killed after its grace; what it owns goes with it.
 *
 * <p>What a cluster does and this does not: limits of memory and CPU, user ids and read-only file
 * systems, network policies, probes, restarts, pods that wait for room.
 */
final class PodAgent implements AutoCloseable {
  /** Keeps a pod that was deleted until its process has ended. */
  static final String FINALIZER = "lakestill.io/running";

  private static final int FULL_MESSAGE = 2048;
  private static final long GRACE_SECONDS = 30;

  private final KubernetesClient client;
  private final Path folder;
  private final ContainerImage image;
  private final Map<String, Path> claims;
  private final String network;
  private final AtomicInteger pods = new AtomicInteger(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, CompletableFuture<Void>> lives = new ConcurrentHashMap<>();
  private final Map<String, CompletableFuture<Void>> ends = new ConcurrentHashMap<>();
  private final Map<String, Process> processes = new ConcurrentHashMap<>();
  private final Map<String, Pod> addressed = new ConcurrentHashMap<>();
  private final Map<String, Service> services = new ConcurrentHashMap<>();
  private final List<AutoCloseable> watches;

  /**
   * @param client of the namespace, which it closes
   * @param port of the API server, which no other cluster on this machine has
   * @param folder exists
   * @param claims folders that stay, by the names of their claims
   */
  PodAgent(
      KubernetesClient client,
      int port,
      Path folder,
      ContainerImage image,
      Map<String, Path> claims) {
    this.client = client;
    this.folder = folder;
    this.image = image;
    this.claims = Map.copyOf(claims);
    network = "127.%d.%d.".formatted(port / 256, port % 256);
    name();
    watches =
        List.of(
            client.pods().watch(watcher(this::podEvent)),
            client.services().watch(watcher(this::serviceEvent)));
  }

  /** The processes of the pods that live, by the pods' names. */
  Map<String, Process> processes() {
    return processes.entrySet().stream()
        .filter(entry -> entry.getValue().isAlive())
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /** What a pod wrote, also one that is gone. */
  Path log(String pod) {
    return folder.resolve(pod).resolve("log");
  }

  private interface Handler<T> {
    void event(Watcher.Action action, T resource);
  }

  private static <T> Watcher<T> watcher(Handler<T> handler) {
    return new Watcher<>() {
      @Override
      public void eventReceived(Action action, T resource) {
        handler.event(action, resource);
      }

      @Override
      public void onClose(WatcherException cause) {
        throw new IllegalStateException("the watch of the API server broke", cause);
      }
    };
  }

  private void podEvent(Watcher.Action action, Pod pod) {
    String uid = pod.getMetadata().getUid();
    if (action == Watcher.Action.ADDED) {
      lives.put(uid, CompletableFuture.runAsync(() -> live(pod), threads));
    } else if (pod.isMarkedForDeletion() && action == Watcher.Action.MODIFIED) {
      ends.computeIfAbsent(uid, key -> CompletableFuture.runAsync(() -> end(pod), threads));
    }
  }

  private void serviceEvent(Watcher.Action action, Service service) {
    String name = service.getMetadata().getName() + "." + service.getMetadata().getNamespace();
    if (action == Watcher.Action.DELETED) {
      services.remove(name);
    } else {
      services.put(name, service);
    }
    name();
  }

  private void live(Pod pod) {
    String name = pod.getMetadata().getName();
    String address = network + pods.incrementAndGet();
    Path own = folder.resolve(name);
    PodSandbox sandbox = new PodSandbox(pod, address, own, image, claims, hosts());
    String since = Instant.now().toString();
    try {
      Files.createDirectories(own);
      addressed.put(address, pod);
      name();
      Process process = sandbox.start(client);
      processes.put(name, process);
      report(pod, running(sandbox, since));
      int exit = process.waitFor();
      report(pod, ended(sandbox, since, exit));
    } catch (IOException | RuntimeException e) {
      report(pod, refused(sandbox, e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      addressed.remove(address);
    }
  }

  private void report(Pod pod, PodStatus status) {
    named(pod)
        .editStatus(
            now -> {
              now.setStatus(status);
              return now;
            });
  }

  private PodResource named(Pod pod) {
    return client.pods().withName(pod.getMetadata().getName());
  }

  /** Of a pod that was marked; it is gone when this is over. */
  private void end(Pod pod) {
    String name = pod.getMetadata().getName();
    String uid = pod.getMetadata().getUid();
    Long grace = pod.getSpec().getTerminationGracePeriodSeconds();
    try {
      CompletableFuture<Void> life = lives.get(uid);
      Awaitility.await().until(() -> life.isDone() || processes.containsKey(name));
      Optional.ofNullable(processes.get(name)).ifPresent(Process::destroy);
      life.get(grace == null ? GRACE_SECONDS : grace, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      ForkedJvms.end(processes.get(name));
      lives.get(uid).join();
    } catch (ExecutionException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
    named(pod)
        .edit(
            now -> {
              now.getMetadata().setFinalizers(List.of());
              return now;
            });
    owned(client.pods().list().getItems(), uid).forEach(p -> client.resource(p).delete());
    owned(client.configMaps().list().getItems(), uid).forEach(m -> client.resource(m).delete());
    owned(client.services().list().getItems(), uid).forEach(s -> client.resource(s).delete());
  }

  private static <T extends HasMetadata> List<T> owned(List<T> all, String owner) {
    return all.stream()
        .filter(one -> one.getMetadata().getOwnerReferences() != null)
        .filter(
            one ->
                one.getMetadata().getOwnerReferences().stream()
                    .anyMatch(reference -> reference.getUid().equals(owner)))
        .toList();
  }

  private static PodStatus running(PodSandbox pod, String since) {
    return status(
        pod,
        "Running",
        true,
        new ContainerStateBuilder().withNewRunning().withStartedAt(since).endRunning().build());
  }

  private static PodStatus ended(PodSandbox pod, String since, int exit) {
    boolean speaks = "FallbackToLogsOnError".equals(pod.container().getTerminationMessagePolicy());
    String said = exit == 0 || !speaks ? null : end(ForkedJvms.text(pod.log()));
    return status(
        pod,
        exit == 0 ? "Succeeded" : "Failed",
        false,
        new ContainerStateBuilder()
            .withNewTerminated()
            .withExitCode(exit)
            .withReason(exit == 0 ? "Completed" : "Error")
            .withMessage(said)
            .withStartedAt(since)
            .withFinishedAt(Instant.now().toString())
            .endTerminated()
            .build());
  }

  private static String end(String log) {
    return log.substring(Math.max(0, log.length() - FULL_MESSAGE));
  }

  private static PodStatus refused(PodSandbox pod, Exception fault) {
    return new PodStatusBuilder()
        .withPhase("Failed")
        .withReason("CannotRun")
        .withMessage(pod.pod().getMetadata().getName() + ": " + fault)
        .build();
  }

  private static PodStatus status(
      PodSandbox pod, String phase, boolean ready, ContainerState state) {
    return new PodStatusBuilder()
        .withPhase(phase)
        .withPodIP(pod.address())
        .withHostIP("127.0.0.1")
        .withStartTime(pod.pod().getMetadata().getCreationTimestamp())
        .addNewCondition()
        .withType("Ready")
        .withStatus(ready ? "True" : "False")
        .endCondition()
        .addNewContainerStatus()
        .withName(pod.container().getName())
        .withImage(pod.container().getImage())
        .withImageID("")
        .withReady(ready)
        .withRestartCount(0)
        .withState(state)
        .endContainerStatus()
        .build();
  }

  private Path hosts() {
    return folder.resolve("hosts");
  }

  /** Writes the names that pods know: their machine's, and those of services. */
  private synchronized void name() {
    StringBuilder lines = new StringBuilder("127.0.0.1 localhost " + ownName() + "\n");
    addressed.forEach(
        (address, pod) ->
            services.forEach(
                (name, service) -> {
                  Map<String, String> labels = pod.getMetadata().getLabels();
                  if (labels != null
                      && labels
                          .entrySet()
                          .containsAll(service.getSpec().getSelector().entrySet())) {
                    lines.append("%s %s.svc %s\n".formatted(address, name, name));
                  }
                }));
    try {
      Path fresh = Files.writeString(folder.resolve("hosts.new"), lines);
      Files.move(fresh, hosts(), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String ownName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    for (AutoCloseable watch : watches) {
      try {
        watch.close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
    threads.shutdownNow();
    ForkedJvms.end(processes.values().toArray(Process[]::new));
    client.close();
  }
}
