package io.lakestill.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeOverrideTest {
  private final Problems problems = new Problems();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/lake//train.parquet",
        "s3a://bucket/a b/part=1//x",
        "/lake/#1/train.parquet",
        "split = 'x' and label < 3 # not a comment",
        "name = \"x\"",
        "\"a\" or \"b\"",
        "[part]/train.parquet",
        "[part]/year[1]",
        "{a}/b{c}",
        "[a] \"b\"",
        "a, b",
        "1,2",
        "1 // one",
        "5 epochs",
        "+1",
        "] [1",
        "true story",
        "C:\\lake\\train",
        "x += 1",
        "a\nb",
        "",
      })
  void takesWhatIsNoLiteralExactlyAsTyped(String text) {
    assertThat(set("a.b=" + text).getValue("a.b").unwrapped()).isEqualTo(text);
    assertThat(problems.found()).isEmpty();
  }

  @Test
  void takesLiteralsAsHocon() {
    assertThat(set("a=-2.5e-3").getValue("a").unwrapped()).isEqualTo(-2.5e-3);
    assertThat(set("a=[\"]\", \"\\\"]\"]").getStringList("a")).containsExactly("]", "\"]");
    assertThat(set("a = 64 ").getValue("a").unwrapped()).isEqualTo(64);
    assertThat(set("a=true").getValue("a").unwrapped()).isEqualTo(true);
    assertThat(set("a=null").root().get("a").valueType()).isEqualTo(ConfigValueType.NULL);
    assertThat(set("a=\"x // \\\"y\\\" # z \"").getString("a")).isEqualTo("x // \"y\" # z ");
    assertThat(set("a=\"\"\"C:\\x\"\"\"").getString("a")).isEqualTo("C:\\x");
    assertThat(set("a=[]").getList("a")).isEmpty();
    assertThat(set("a=[\"x >= 1\", y]").getStringList("a")).containsExactly("x >= 1", "y");
    Config terms = set("a=[{ type = kd-kl, weight = 0.9 }, { type = b }]");
    assertThat(terms.getConfigList("a")).extracting(c -> c.getString("type")).contains("kd-kl");
    assertThat(set("a={ b = 1, c { d = [2] } }").getIntList("a.c.d")).containsExactly(2);
    assertThat(problems.found()).isEmpty();
  }

  @Test
  void takesTextBesideASubstitution() {
    Config known = ConfigFactory.parseString("home = /lake");

    assertThat(set("a=${home}/train.parquet").withFallback(known).resolve().getString("a"))
        .isEqualTo("/lake/train.parquet");
    assertThat(set("a=[${home}, \"${home}\"]").withFallback(known).resolve().getStringList("a"))
        .containsExactly("/lake", "${home}");
    assertThat(problems.found()).isEmpty();
  }

  @Test
  void refusesASubstitutionThatACommentWouldCut() {
    assertThat(set("a=${home}//train.parquet").isEmpty()).isTrue();
    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactly(
            "--set a: a: has a substitution, but is not HOCON as a whole; put the text beside"
                + " ${...} in quotes, or all of it if no substitution is meant");
  }

  @Test
  void refusesWhatIsNoPair() {
    for (String option : List.of("train.batch", "=64")) {
      assertThat(RecipeOverride.read(option, problems)).isEmpty();
    }
    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactly(
            "--set train.batch: --set: must be key=value", "--set =64: --set: must be key=value");
  }

  private Config set(String option) {
    return RecipeOverride.read(option, problems).orElseThrow().config(problems);
  }
}
