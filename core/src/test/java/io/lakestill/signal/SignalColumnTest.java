package io.lakestill.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.SchemaCheck;
import io.lakestill.TestResource;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.recipe.ProjectionMethod;
import io.lakestill.signal.codec.Dense16;
import io.lakestill.signal.projection.Projection;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SignalColumnTest {
  private static final String GOLDEN = "/golden/signal-manifest.v3.json";
  private static final String SCHEMA = "/io/lakestill/schema/signal-manifest.v3.schema.json";
  private static final SignalColumn PROJECTED = projected("embedding", List.of(64));

  private static SignalColumn projected(String name, List<Integer> shape) {
    return new SignalColumn(
        name,
        shape,
        new Dense16(),
        Optional.of(
            new Projection(
                ProjectionMethod.PCA, List.of(8, 4, 4), "a".repeat(64), Optional.of(0.75))));
  }

  @Test
  void comesBackFromJson() {
    assertThat(SignalColumn.fromJson(JsonFields.of(PROJECTED.toJson(), "m"))).isEqualTo(PROJECTED);
    assertThat(PROJECTED.toJson().get("projection").toString())
        .isEqualTo(
            "{\"by\":\"pca\",\"from\":[8,4,4],\"sha256\":\"%s\",\"explained_variance\":0.75}"
                .formatted("a".repeat(64)));
    assertThat(new SignalColumn("logits", 3).toJson().has("projection")).isFalse();
  }

  @Test
  void aManifestSaysHowASignalWasNarrowed() {
    ObjectNode json = TestResource.json(GOLDEN);
    assertThat(SignalManifest.fromJson(json, "m.json").projectors()).isEmpty();
    ObjectNode made = ((ObjectNode) json.get("signals").get(1)).putObject("projection");
    made.put("by", "pca").putArray("from").add(8).add(4);
    made.put("sha256", "7".repeat(64)).put("explained_variance", 0.75);

    SignalManifest manifest = SignalManifest.fromJson(json, "m.json");

    assertThat(manifest.projectors()).containsExactly("7".repeat(64));
    assertThat(Json.pretty(manifest.toJson())).isEqualTo(Json.pretty(json));
    assertThat(SchemaCheck.faultsOfWriter(TestResource.json(SCHEMA), json)).isEmpty();
    made.put("sha256", "7");
    assertThatThrownBy(() -> SignalManifest.fromJson(json, "m.json"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessage(
            "'m.json': 'signals[1].projection' is not sound: '7' is no SHA-256 of a projector;"
                + " restore it or write it again.");
  }

  @Test
  void travelsToExecutors() throws Exception {
    SignalSchema schema = new SignalSchema(List.of(new SignalColumn("logits", 3), PROJECTED));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(schema);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertThat(in.readObject()).isEqualTo(schema);
    }
  }

  /** It is part of the basis of every table: another text, and all lakes would be taught anew. */
  @Test
  void theTextOfWhatATeacherSaysStaysAsItWas() {
    assertThat(new SignalColumn("embedding", List.of(64), new Dense16()))
        .hasToString("SignalColumn[name=embedding, shape=[64], codec=Dense16[]]");
  }

  @Test
  void refusesProjectionsThatCannotBe() {
    assertThatThrownBy(() -> projected("logits", List.of(64)))
        .hasMessage("logits of [8, 4, 4] cannot be projected to [64]");
    assertThatThrownBy(() -> projected("embedding", List.of(128)))
        .hasMessage("embedding of [8, 4, 4] cannot be projected to [128]");
    assertThatThrownBy(() -> projected("embedding", List.of(8, 8)))
        .hasMessage("embedding of [8, 4, 4] cannot be projected to [8, 8]");
    assertThatThrownBy(
            () -> new Projection(ProjectionMethod.PCA, List.of(4), "no", Optional.empty()))
        .hasMessage("'no' is no SHA-256 of a projector");
  }
}
