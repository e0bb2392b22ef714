package io.lakestill.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
