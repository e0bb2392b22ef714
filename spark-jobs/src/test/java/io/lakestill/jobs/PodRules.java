package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What every pod of Lakestill keeps to: the pod security standard "restricted", a root file system
 * that is read only, bounds for all it writes, no secret in plain sight.
 */
final class PodRules {
  static final long USER = 10001;

  private static final Pattern SECRET =
      Pattern.compile(".*(SECRET|PASSWORD|TOKEN|ACCESS_KEY).*", Pattern.CASE_INSENSITIVE);

  private PodRules() {}

  static void assertFollowed(Pod pod) {
    JsonNode json = Serialization.jsonMapper().valueToTree(pod);
    assertThat(ManifestSchema.of(json).faults(json)).isEmpty();
    PodSpec spec = pod.getSpec();
    assertThat(spec.getSecurityContext().getRunAsNonRoot()).isTrue();
    assertThat(spec.getSecurityContext().getRunAsUser()).isEqualTo(USER);
    assertThat(spec.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
    assertThat(spec.getHostNetwork()).isNotEqualTo(true);
    assertThat(spec.getHostPID()).isNotEqualTo(true);
    assertThat(spec.getHostIPC()).isNotEqualTo(true);
    assertThat(spec.getContainers()).isNotEmpty();
    spec.getVolumes().forEach(PodRules::assertBounded);
    spec.getInitContainers().forEach(PodRules::assertRestricted);
    spec.getContainers().forEach(PodRules::assertRestricted);
    spec.getContainers().forEach(container -> assertWritesOnlyToVolumes(container, spec));
  }

  private static void assertBounded(Volume volume) {
    assertThat(volume.getHostPath()).as("%s", volume).isNull();
    if (volume.getEmptyDir() != null) {
      assertThat(volume.getEmptyDir().getSizeLimit()).as("%s", volume).isNotNull();
    }
  }

  private static void assertRestricted(Container container) {
    SecurityContext context = container.getSecurityContext();
    assertThat(context).as("%s", container).isNotNull();
    assertThat(context.getAllowPrivilegeEscalation()).isFalse();
    assertThat(context.getReadOnlyRootFilesystem()).isTrue();
    assertThat(context.getRunAsNonRoot()).isTrue();
    assertThat(context.getPrivileged()).isNotEqualTo(true);
    assertThat(context.getCapabilities().getDrop()).containsExactly("ALL");
    assertThat(context.getCapabilities().getAdd()).isEmpty();
    assertThat(container.getTerminationMessagePolicy()).isEqualTo("FallbackToLogsOnError");
    for (EnvVar variable : container.getEnv()) {
      if (SECRET.matcher(variable.getName()).matches()) {
        assertThat(variable.getValue()).as("%s", variable.getName()).isNull();
        assertThat(variable.getValueFrom().getSecretKeyRef()).isNotNull();
      }
    }
  }

  /** Java's temporary folder and Spark's local one are volumes, and each mount has its volume. */
  private static void assertWritesOnlyToVolumes(Container container, PodSpec spec) {
    List<String> volumes = spec.getVolumes().stream().map(Volume::getName).toList();
    assertThat(container.getVolumeMounts())
        .extracting(VolumeMount::getName)
        .doesNotHaveDuplicates()
        .isSubsetOf(volumes)
        .contains("tmp", "spark-local-dir-1");
    assertThat(container.getVolumeMounts())
        .extracting(VolumeMount::getMountPath)
        .doesNotHaveDuplicates()
        .contains("/tmp");
  }
}
