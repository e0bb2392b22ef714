package io.lakestill.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProjectionSettingsTest {
  private static final String SOUND =
      """
      name = digits
      output = out
      data {
        train = train.parquet
        test = test.parquet
        classes = [no, yes]
        features { columns = [pixels], shape = [1, 8, 8] }
      }
      teacher { id = big, onnx = big.onnx, outputs { embedding = e } }
      student { architecture = mlp, hidden = [32] }
      train { objectives = [{ type = cross-entropy }] }
      """;

  private final Problems problems = new Problems();

  @Test
  void fillsSeedAndRowsFromTheReference() {
    assertThat(read("").orElseThrow().signals().projections()).isEmpty();
    assertThat(
            read("signals.project.embedding { to = 64, by = pca }")
                .orElseThrow()
                .signals()
                .projections())
        .containsOnlyKeys("embedding")
        .containsValue(new ProjectionSettings(64, ProjectionMethod.PCA, 1, 10_000));
  }

  @Test
  void refusesWhatCannotBe() {
    read(
        """
        signals {
          project {
            logits { to = 1, by = random }
            embedding { to = 0, by = random }
            map { to = 64, by = pca, rows = 64 }
            other { to = 64, by = tsne, widht = 3 }
            last { by = pca }
          }
        }
        """);

    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactlyInAnyOrder(
            "test.conf:14: signals.project.logits: logits are never projected: projected logits are"
                + " no scores of classes; remove this, and store fewer of them by"
                + " signals.codecs.logits = topk",
            "test.conf:15: signals.project.embedding: to must be at least 1, is 0",
            "test.conf:16: signals.project.map: rows must be more than to: 64 components need at"
                + " least 65 rows, rows is 64",
            "test.conf:17: signals.project.other.by: must be one of random, pca, is 'tsne'",
            "test.conf:17: signals.project.other.widht: unknown key; keys here: by, rows, seed, to",
            "test.conf:18: signals.project.last.to: is missing");
  }

  /** A random matrix draws no sample, so its size changes nothing. */
  @Test
  void onlyWhatTheProjectorDependsOnIsItsIdentity() {
    assertThat(identity(new ProjectionSettings(8, ProjectionMethod.RANDOM, 1, 100)))
        .isEqualTo(identity(new ProjectionSettings(8, ProjectionMethod.RANDOM, 1, 200)))
        .isNotEqualTo(identity(new ProjectionSettings(8, ProjectionMethod.RANDOM, 2, 100)))
        .isNotEqualTo(identity(new ProjectionSettings(9, ProjectionMethod.RANDOM, 1, 100)))
        .isNotEqualTo(identity(new ProjectionSettings(8, ProjectionMethod.PCA, 1, 100)));
    assertThat(identity(new ProjectionSettings(8, ProjectionMethod.PCA, 1, 100)))
        .isNotEqualTo(identity(new ProjectionSettings(8, ProjectionMethod.PCA, 1, 200)));
  }

  private static String identity(ProjectionSettings settings) {
    return settings.identity();
  }

  private Optional<Recipe> read(String more) {
    return new RecipeReader("/home", "/recipes")
        .read(SOUND + more, "test.conf", List.of(), problems);
  }
}
