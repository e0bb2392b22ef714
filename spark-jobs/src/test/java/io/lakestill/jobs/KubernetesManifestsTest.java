package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.lakestill.jobs.Manifests.Manifest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What lies in conf/kubernetes is what Kubernetes and the Spark operator understand. */
class KubernetesManifestsTest {
  /** Below these any key is allowed. */
  private static final Set<String> OPEN =
      Set.of("labels", "annotations", "matchLabels", "requests", "limits", "sparkConf");

  static List<Manifest> all() throws IOException {
    return Manifests.all();
  }

  @ParameterizedTest
  @MethodSource("all")
  void everyDocumentFitsItsPublishedSchema(Manifest manifest) {
    assertThat(faults(manifest.content())).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("all")
  void anyMisspeltKeyIsRefused(Manifest manifest) {
    List<String> places = places(manifest.content());
    assertThat(places).isNotEmpty();
    for (String place : places) {
      JsonNode misspelt = manifest.content().deepCopy();
      int last = place.lastIndexOf('/');
      ObjectNode parent = (ObjectNode) misspelt.at(place.substring(0, last));
      String key = place.substring(last + 1).replace("~1", "/");
      parent.set(key + "s", parent.remove(key));
      assertThat(faults(misspelt)).as("%s of %s", place, manifest).isNotEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "driver-template.yaml | /spec | terminationGracePeriodSeconds | \"a minute\"",
        "driver-template.yaml | /spec/containers/0/securityContext | readOnlyRootFilesystem | 1",
        "executor-template.yaml | /spec/volumes/0/emptyDir | sizeLimit | [1]",
        "spark-application.yaml | /spec/executor | instances | \"two\"",
        "spark-application.yaml | /spec | type | \"Kotlin\"",
        "spark-application.yaml | /spec/restartPolicy | type | \"Sometimes\"",
        "spark-application.yaml | /spec/executor/template/spec | volumes | {}"
      })
  void aValueOfAnotherKindIsRefused(String file, String place, String key, String value)
      throws IOException {
    JsonNode wrong = Manifests.single(file);
    ((ObjectNode) wrong.at(place)).set(key, Serialization.jsonMapper().readTree(value));
    assertThat(faults(wrong)).anyMatch(fault -> fault.contains(key));
  }

  @ParameterizedTest
  @ValueSource(strings = {Manifests.DRIVER_TEMPLATE, Manifests.EXECUTOR_TEMPLATE})
  void podsAreRestrictedAndWriteOnlyToBoundedVolumes(String file) throws IOException {
    PodRules.assertFollowed(
        Serialization.jsonMapper().treeToValue(Manifests.single(file), Pod.class));
  }

  @Test
  void executorsHaveNoTokenOfTheApiServer() throws IOException {
    assertThat(Manifests.single(Manifests.EXECUTOR_TEMPLATE).at("/spec").toString())
        .contains("\"automountServiceAccountToken\":false");
    Manifest account = cluster(it -> it.name().equals("lakestill-executor"));
    assertThat(account.kind()).isEqualTo("ServiceAccount");
    assertThat(account.content().path("automountServiceAccountToken").asBoolean(true)).isFalse();
    assertThat(cluster(it -> it.kind().equals("RoleBinding")).content().path("subjects"))
        .singleElement()
        .satisfies(
            subject -> {
              assertThat(subject.path("kind").asText()).isEqualTo("ServiceAccount");
              assertThat(subject.path("name").asText()).isEqualTo("lakestill-driver");
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"lakestill-driver", "lakestill-submitter"})
  void rolesNameWhatIsNeededAndLeaveSecretsOut(String name) throws IOException {
    Manifest role = cluster(it -> it.kind().equals("Role") && it.name().equals(name));
    Set<String> resources = new TreeSet<>();
    for (JsonNode rule : role.content().path("rules")) {
      assertThat(rule.path("apiGroups")).singleElement().extracting(JsonNode::asText).isEqualTo("");
      rule.path("resources").forEach(resource -> resources.add(resource.asText()));
      assertThat(rule.path("verbs")).extracting(JsonNode::asText).doesNotContain("*", "escalate");
    }
    assertThat(resources)
        .isSubsetOf("pods", "pods/log", "configmaps", "services", "persistentvolumeclaims");
  }

  @Test
  void everythingIsInTheOneNamespaceThatRefusesWhatIsNotRestricted() throws IOException {
    Manifest namespace = cluster(it -> it.kind().equals("Namespace"));
    assertThat(namespace.content().at("/metadata/labels").toString())
        .contains("\"pod-security.kubernetes.io/enforce\":\"restricted\"");
    for (Manifest manifest : Manifests.all()) {
      if (!Set.of("Namespace", "Pod").contains(manifest.kind())) {
        assertThat(manifest.content().at("/metadata/namespace").asText())
            .as("%s", manifest)
            .isEqualTo(namespace.name());
      }
    }
  }

  /** The first of namespace.yaml that is meant. */
  private static Manifest cluster(Predicate<Manifest> meant) throws IOException {
    return Manifests.of("namespace.yaml").stream().filter(meant).findFirst().orElseThrow();
  }

  private static List<String> faults(JsonNode manifest) {
    return ManifestSchema.of(manifest).faults(manifest);
  }

  /** JSON pointers to all keys of a document that are not a person's to choose. */
  private static List<String> places(JsonNode manifest) {
    List<String> places = new ArrayList<>();
    addPlaces("", manifest, places);
    places.removeIf(place -> place.equals("/apiVersion") || place.equals("/kind"));
    return places;
  }

  private static void addPlaces(String place, JsonNode node, List<String> places) {
    node.fields()
        .forEachRemaining(
            field -> {
              String inner = place + "/" + field.getKey().replace("/", "~1");
              places.add(inner);
              if (!OPEN.contains(field.getKey())) {
                addPlaces(inner, field.getValue(), places);
              }
            });
    for (int i = 0; node.isArray() && i < node.size(); i++) {
      addPlaces(place + "/" + i, node.get(i), places);
    }
  }
}
