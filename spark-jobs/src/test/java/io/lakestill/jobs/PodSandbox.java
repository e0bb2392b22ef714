package io.lakestill.jobs;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarSource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretKeySelector;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/**
 * The first container of a pod as a process of this machine: its volumes in a folder of its own,
 * its environment, and its command. What it has not learned it refuses.
 *
 * @param pod as the API server has it
 * @param address its own, of those that mean this machine
 * @param folder of this pod
 * @param image what its container starts from
 * @param claims folders that stay, by the names of their claims
 * @param hosts a file with the names of services
 */
record PodSandbox(
    Pod pod,
    String address,
    Path folder,
    ContainerImage image,
    Map<String, Path> claims,
    Path hosts) {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Predicate<String> MOUNTED =
      Pattern.compile("^spark\\.kubernetes\\.\\w+\\.volumes\\.").asPredicate();

  /** Where every pod finds who it is, unless it wants not to. */
  private static final String ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

  static final String TOKEN = ACCOUNT + "/token";

  Container container() {
    return pod.getSpec().getContainers().get(0);
  }

  Path log() {
    return folder.resolve("log");
  }

  /**
   * Waits for what it mounts, as config maps of Spark come after the pod, and starts it.
   *
   * @param client of the pod's namespace
   */
  Process start(KubernetesClient client) throws IOException {
    ContainerPaths paths = paths();
    for (Volume volume : pod.getSpec().getVolumes()) {
      fill(volume, client, paths);
    }
    Files.createDirectories(paths.of("/tmp"));
    if (!Boolean.FALSE.equals(pod.getSpec().getAutomountServiceAccountToken())) {
      Files.createDirectories(paths.of(ACCOUNT));
      Files.writeString(paths.of(TOKEN), pod.getSpec().getServiceAccountName());
    }
    List<String> command = new ArrayList<>();
    if (container().getCommand().isEmpty()) {
      command.add(image.entryPoint());
    } else {
      command.addAll(container().getCommand());
    }
    command.addAll(container().getArgs());
    command.replaceAll(paths::rewritten);
    String at = Objects.requireNonNullElse(container().getWorkingDir(), image.workingFolder());
    ProcessBuilder builder = new ProcessBuilder(command).directory(paths.of(at).toFile());
    Map<String, String> environment = builder.environment();
    environment.clear();
    environment.putAll(image.environment());
    for (EnvVar variable : container().getEnv()) {
      value(variable, client).ifPresent(value -> environment.put(variable.getName(), value));
    }
    // What a container has of its own: the names of its cluster, and a place for temporary files.
    environment.put(
        "JAVA_TOOL_OPTIONS", "-Djdk.net.hosts.file=" + hosts + " -Djava.io.tmpdir=/tmp");
    environment.replaceAll((name, value) -> paths.rewritten(value));
    return builder.redirectErrorStream(true).redirectOutput(log().toFile()).start();
  }

  private ContainerPaths paths() {
    Map<String, Path> folders = new HashMap<>(image.folders());
    folders.put("/tmp", folder.resolve("tmp"));
    folders.put(ACCOUNT, folder.resolve("account"));
    for (VolumeMount mount : container().getVolumeMounts()) {
      if (!Objects.requireNonNullElse(mount.getSubPath(), "").isEmpty()) {
        throw new UnsupportedOperationException("a mount of a part of a volume: " + mount);
      }
      folders.put(mount.getMountPath(), place(mount.getName()));
    }
    // What another pod rewrote is of this machine already.
    Path all = image.root().getParent();
    folders.put(all.toString(), all);
    return new ContainerPaths(folders);
  }

  private Path place(String name) {
    return pod.getSpec().getVolumes().stream()
        .filter(volume -> volume.getName().equals(name))
        .filter(volume -> volume.getPersistentVolumeClaim() != null)
        .map(volume -> claims.get(volume.getPersistentVolumeClaim().getClaimName()))
        .findFirst()
        .orElse(folder.resolve("volumes").resolve(name));
  }

  private void fill(Volume volume, KubernetesClient client, ContainerPaths paths)
      throws IOException {
    if (volume.getPersistentVolumeClaim() != null) {
      return;
    }
    Path place = Files.createDirectories(place(volume.getName()));
    if (volume.getConfigMap() != null) {
      String name = volume.getConfigMap().getName();
      ConfigMap map = awaited(client.configMaps().withName(name));
      Map<String, String> data = Objects.requireNonNullElse(map.getData(), Map.of());
      write(data, volume.getConfigMap().getItems(), place, paths);
    } else if (volume.getSecret() != null) {
      boolean mayLack = Boolean.TRUE.equals(volume.getSecret().getOptional());
      Map<String, String> data = secret(client, volume.getSecret().getSecretName(), mayLack);
      write(data, volume.getSecret().getItems(), place, paths);
    } else if (volume.getEmptyDir() == null) {
      throw new UnsupportedOperationException("a volume of this kind: " + volume);
    }
  }

  private static void write(
      Map<String, String> data, List<KeyToPath> items, Path place, ContainerPaths paths)
      throws IOException {
    Map<String, String> names = new HashMap<>();
    items.forEach(item -> names.put(item.getKey(), item.getPath()));
    for (Map.Entry<String, String> entry : data.entrySet()) {
      if (items.isEmpty() || names.containsKey(entry.getKey())) {
        String name = names.getOrDefault(entry.getKey(), entry.getKey());
        Files.writeString(place.resolve(name), read(name, entry.getValue(), paths));
      }
    }
  }

  /** As a process reads it; what says how executors' pods look is of their containers. */
  private static String read(String name, String text, ContainerPaths paths) {
    return text.lines()
        .map(line -> name.endsWith(".yml") || MOUNTED.test(line) ? line : paths.rewritten(line))
        .collect(Collectors.joining("\n", "", "\n"));
  }

  private Optional<String> value(EnvVar variable, KubernetesClient client) {
    EnvVarSource from = variable.getValueFrom();
    if (from == null) {
      return Optional.of(Objects.requireNonNullElse(variable.getValue(), ""));
    } else if (from.getFieldRef() != null) {
      return switch (from.getFieldRef().getFieldPath()) {
        case "status.podIP" -> Optional.of(address);
        case "metadata.name" -> Optional.of(pod.getMetadata().getName());
        case "metadata.namespace" -> Optional.of(pod.getMetadata().getNamespace());
        default -> throw new UnsupportedOperationException("this field: " + variable);
      };
    } else if (from.getSecretKeyRef() != null) {
      SecretKeySelector selector = from.getSecretKeyRef();
      boolean mayLack = Boolean.TRUE.equals(selector.getOptional());
      return Optional.ofNullable(
          secret(client, selector.getName(), mayLack).get(selector.getKey()));
    }
    throw new UnsupportedOperationException("a variable of this kind: " + variable);
  }

  private static Map<String, String> secret(KubernetesClient client, String name, boolean mayLack) {
    Resource<Secret> resource = client.secrets().withName(name);
    Map<String, String> data = new HashMap<>();
    if (!mayLack || resource.get() != null) {
      awaited(resource).getData().forEach((key, value) -> data.put(key, decoded(value)));
    }
    return data;
  }

  private static String decoded(String value) {
    return new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8);
  }

  private static <T extends HasMetadata> T awaited(Resource<T> resource) {
    return Awaitility.await().atMost(PATIENCE).until(resource::get, Objects::nonNull);
  }
}
