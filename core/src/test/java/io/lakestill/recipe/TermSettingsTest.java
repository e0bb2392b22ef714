package io.lakestill.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TermSettingsTest {
  private final Problems problems = new Problems();

  private Optional<TermSettings> read(String text) {
    return TermSettings.read(
        new Settings(
            ConfigFactory.parseString(
                    text, ConfigParseOptions.defaults().setOriginDescription("test.conf"))
                .root(),
            "train.objectives[0]",
            ConfigFactory.parseResources("io/lakestill/reference.conf").getObject("defaults"),
            problems));
  }

  private TermSettings sound(String text) {
    Optional<TermSettings> term = read(text);
    assertThat(problems.found()).isEmpty();
    return term.orElseThrow();
  }

  @Test
  void withoutAWeightItHasItsObjectives() {
    TermSettings term = sound("type = rkd-angle");
    assertThat(term.weight()).isEqualTo(Schedule.of(50));
    assertThat(term.rowWeight()).isEmpty();
    assertThat(term.where()).isEmpty();
    assertThat(term.bindings()).isEmpty();
  }

  @Test
  void weightFollowsASchedule() {
    TermSettings term =
        sound("type = kd-kl, weight { schedule = step, values = [1, 0], at = [5], by = epoch }");
    assertThat(term.weight().at(new Progress(4, 0.5))).isEqualTo(1);
    assertThat(term.weight().at(new Progress(5, 0.6))).isEqualTo(0);
  }

  @Test
  void aTextAsWeightWeighsRows() {
    TermSettings term = sound("type = rkd-angle, weight = \"margin * 2\"");
    assertThat(term.rowWeight()).contains("margin * 2");
    assertThat(term.weight()).isEqualTo(Schedule.of(1));
  }

  @Test
  void aNumberInQuotesIsANumber() {
    TermSettings term = sound("type = kd-kl, weight = \"0.5\"");
    assertThat(term.rowWeight()).isEmpty();
    assertThat(term.weight()).isEqualTo(Schedule.of(0.5));
  }

  @Test
  void rowWeightStandsBesideANumberOrASchedule() {
    TermSettings number = sound("type = kd-kl, weight = 0.5, row-weight = margin");
    assertThat(number.rowWeight()).contains("margin");
    assertThat(number.weight()).isEqualTo(Schedule.of(0.5));
    TermSettings schedule =
        sound(
            "type = kd-kl, weight { schedule = linear, from = 1, to = 0 }, row-weight = margin,"
                + " where = \"entropy < 1.2\"");
    assertThat(schedule.rowWeight()).contains("margin");
    assertThat(schedule.weight().largest()).isEqualTo(1);
    assertThat(schedule.where()).contains("entropy < 1.2");
  }

  @Test
  void refusesTwoTextsAsWeights() {
    read("type = kd-kl\nweight = margin\nrow-weight = entropy");
    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactly(
            "test.conf:3: train.objectives[0].row-weight: weighs the rows, and so does weight ="
                + " 'margin'; make weight a number or leave one out");
  }

  @Test
  void refusesAScheduleThatIsEverNegative() {
    assertThat(read("type = kd-kl, weight { schedule = linear, from = 1, to = -1 }")).isEmpty();
    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactly("test.conf:1: train.objectives[0].weight: must not be negative, is -1.0");
  }

  @Test
  void namesWithDotsMayBeQuotedOrNested() {
    TermSettings term =
        sound(
            "type = fsp, student { map.1 = map_conv1, \"map.2\" = map_conv2 }, teacher { map { 1 ="
                + " stage1, 2 = \"stage.2\" } }");
    assertThat(term.bindings())
        .containsEntry("student.map.1", "student.map_conv1")
        .containsEntry("student.map.2", "student.map_conv2")
        .containsEntry("teacher.map.1", "teacher.stage1")
        .containsEntry("teacher.map.2", "teacher.stage.2")
        .hasSize(4);
  }

  @Test
  void bindsOneNameToOneName() {
    read("type = kd-kl\nteacher { \"logits.*\" = all }\nstudent { logits = [a, b] }");
    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactlyInAnyOrder(
            "test.conf:2: train.objectives[0].teacher.logits.*: must bind a single input to a"
                + " single name, without *",
            "test.conf:3: train.objectives[0].student.logits: must be a text, is a list");
  }

  @Test
  void bindingsMustBeASection() {
    read("type = kd-kl, student = map_conv2");
    assertThat(problems.found())
        .extracting(Problem::message)
        .containsExactly("must be a section { ... }, is 'map_conv2'");
  }

  @Test
  void namesTheOutputsThatAreProjected() {
    assertThat(sound("type = fsp, project = [map.1, \"map.2\"]").projected())
        .containsExactly("map.1", "map.2");
    assertThat(sound("type = fsp").projected()).isEmpty();
  }
}
