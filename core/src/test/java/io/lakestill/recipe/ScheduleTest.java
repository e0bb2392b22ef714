package io.lakestill.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleTest {
  private final Problems problems = new Problems();

  private Schedule read(String value) {
    Settings settings =
        new Settings(
            ConfigFactory.parseString(
                    "\nweight " + value,
                    ConfigParseOptions.defaults().setOriginDescription("test.conf"))
                .root(),
            "train",
            ConfigFactory.parseResources("io/lakestill/reference.conf").getObject("defaults"),
            problems);
    return settings.schedule("weight");
  }

  private static double at(Schedule schedule, int epoch, double done) {
    return schedule.at(new Progress(epoch, done));
  }

  @Test
  void aNumberIsTheSameAlways() {
    for (String text : new String[] {"= 4", "= \"4\"", "{ schedule = constant, value = 4 }"}) {
      Schedule four = read(text);
      assertThat(four).isEqualTo(Schedule.of(4));
      assertThat(at(four, 1, 0)).isEqualTo(4);
      assertThat(at(four, 9, 0.99)).isEqualTo(4);
    }
    assertThat(problems.found()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          { schedule = step, values = [1, 0], at = [11], by = epoch }        | at = 11 is never reached in 10 epochs
          { schedule = step, values = [1, 0], at = [10], by = epoch }        |
          { schedule = step, values = [1, 0], at = [1], by = epoch }         | at = 1 is where the training begins, so the value before it never holds; leave it out
          { schedule = step, values = [1, 0], at = [0] }                     | at = 0.0 is where the training begins, so the value before it never holds; leave it out
          { schedule = step, values = [1, 2, 0], at = [0.5, 1] }             | at = 1.0 is never reached in 10 epochs
          { schedule = step, values = [1, 0], at = [0.5] }                   |
          { schedule = warm-up, to = 1, end = 20, by = epoch }               | end = 20 is never reached in 10 epochs
          { schedule = cosine, from = 1, to = 0, end = 10, by = epoch }      |
          { schedule = linear, from = 1, to = 0, start = 11, end = 12, by = epoch } | end = 12 is never reached in 10 epochs
          { schedule = linear, from = 1, to = 0 }                            |
          """)
  void saysWhatATrainingOfTenEpochsNeverDoes(String schedule, String idle) {
    assertThat(read(schedule).idle(10)).isEqualTo(Optional.ofNullable(idle));
    assertThat(problems.found()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "0.5, 0.55", "0.9, 0.19", "1, 0.1"})
  void linearGoesEvenlyFromTheFirstStepToTheLast(double done, double expected) {
    Schedule linear = read("{ schedule = linear, from = 1, to = 0.1 }");
    assertThat(at(linear, 1, done)).isCloseTo(expected, within(1e-12));
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "0.5, 1", "0.625, 0.775", "0.75, 0.55", "0.8, 0.55"})
  void aChangeHoldsBeforeItsStartAndAfterItsEnd(double done, double expected) {
    Schedule linear = read("{ schedule = linear, from = 1, to = 0.55, start = 0.5, end = 0.75 }");
    assertThat(at(linear, 1, done)).isCloseTo(expected, within(1e-12));
  }

  @ParameterizedTest
  @CsvSource({"0, 8", "0.25, 7.121320344", "0.5, 5", "0.75, 2.878679656", "1, 2"})
  void cosineIsSlowAtBothEnds(double done, double expected) {
    Schedule cosine = read("{ schedule = cosine, from = 8, to = 2 }");
    assertThat(at(cosine, 1, done)).isCloseTo(expected, within(1e-9));
  }

  @ParameterizedTest
  @CsvSource({"1, 0, 0.05", "1, 0.9, 0.05", "10, 0, 0.5", "20, 0.5, 1", "21, 0, 1"})
  void warmUpByEpochGivesTheFirstEpochItsPart(int epoch, double done, double expected) {
    Schedule warmUp = read("{ schedule = warm-up, to = 1, end = 20, by = epoch }");
    assertThat(at(warmUp, epoch, done)).isCloseTo(expected, within(1e-12));
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "0.05, 0.4", "0.1, 0.8", "0.7, 0.8"})
  void warmUpByProgressStartsAtNothing(double done, double expected) {
    Schedule warmUp = read("{ schedule = warm-up, to = 0.8, end = 0.1 }");
    assertThat(at(warmUp, 1, done)).isCloseTo(expected, within(1e-12));
  }

  @ParameterizedTest
  @CsvSource({"1, 0, 10", "2, 0.0, 9", "2, 0.99, 9", "11, 0, 0", "12, 0, 0"})
  void byEpochChangesAtTheStartOfAnEpochOnly(int epoch, double done, double expected) {
    Schedule linear = read("{ schedule = linear, from = 10, to = 0, end = 11, by = epoch }");
    assertThat(at(linear, epoch, done)).isCloseTo(expected, within(1e-12));
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "0.49, 1", "0.5, 0.5", "0.74, 0.5", "0.75, 0"})
  void stepTakesTheNextValueWhereItsPositionIsReached(double done, double expected) {
    Schedule step = read("{ schedule = step, values = [1, 0.5, 0], at = [0.5, 0.75] }");
    assertThat(at(step, 1, done)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "29, 1", "30, 0.5", "59, 0.5", "60, 0"})
  void stepByEpoch(int epoch, double expected) {
    Schedule step = read("{ schedule = step, values = [1, 0.5, 0], at = [30, 60], by = epoch }");
    assertThat(at(step, epoch, 0.999)).isEqualTo(expected);
  }

  @Test
  void everyScheduleKnowsItsRange() {
    assertThat(read("{ schedule = cosine, from = 8, to = 2 }").smallest()).isEqualTo(2);
    assertThat(read("{ schedule = cosine, from = 8, to = 2 }").largest()).isEqualTo(8);
    assertThat(read("{ schedule = linear, from = -1, to = 2 }").smallest()).isEqualTo(-1);
    assertThat(read("{ schedule = linear, from = -1, to = 2 }").largest()).isEqualTo(2);
    Schedule step = read("{ schedule = step, values = [3, 1, 2], at = [0.1, 0.2] }");
    assertThat(step.smallest()).isEqualTo(1);
    assertThat(step.largest()).isEqualTo(3);
  }

  @Test
  void sharesSumToOneAtEveryPosition() {
    Schedule falling = read("{ schedule = linear, from = 1, to = 0 }");
    Schedule rising = read("{ schedule = linear, from = 0, to = 3 }");
    List<Schedule> all = List.of(falling, rising);
    for (double done : new double[] {0, 0.3, 0.5, 1}) {
      double first = at(new Schedule.Share(falling, all), 1, done);
      assertThat(first).isCloseTo((1 - done) / (1 - done + 3 * done), within(1e-12));
      assertThat(first + at(new Schedule.Share(rising, all), 1, done)).isCloseTo(1, within(1e-12));
    }
    Schedule nothing = Schedule.of(0);
    Schedule half = new Schedule.Share(nothing, List.of(nothing, nothing));
    assertThat(at(half, 1, 0)).isEqualTo(0.5);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "= high | train.weight: must be a number, is 'high'",
        "= [1] | train.weight: must be a number, is a list",
        "{ schedule = sine, from = 1 } | train.weight.schedule: must be one of constant, linear,"
            + " cosine, warm-up, step, is 'sine'",
        "{ from = 1, to = 2 } | train.weight.schedule: is missing",
        "{ schedule = linear, to = 2 } | train.weight.from: is missing",
        "{ schedule = linear, from = 1, to = 2, untill = 1 } | train.weight.untill: unknown key",
        "{ schedule = linear, from = 1, to = 2, start = 1 } | start must come before end, are 1.0"
            + " and 1.0",
        "{ schedule = cosine, from = 1, to = 2, end = 20 } | end must be a part of the training,"
            + " from 0 to 1, is 20.0",
        "{ schedule = cosine, from = 1, to = 2, by = epoch } | train.weight.end: is missing",
        "{ schedule = cosine, from = 1, to = 2, by = epoch, end = 2.5 } | end must be a whole"
            + " epoch, is 2.5",
        "{ schedule = warm-up, to = 2 } | train.weight.end: is missing",
        "{ schedule = step, values = [1, 2], at = [0.1, 0.2] } | values must be one more than the"
            + " positions in at, are 2 and 2",
        "{ schedule = step, values = [1, 2, 3], at = [0.3, 0.2] } | at must ascend, is [0.3, 0.2]",
      })
  void refusesWithLineAndReason(String value, String message) {
    read(value);
    assertThat(problems.found()).isNotEmpty();
    assertThat(problems.found().get(0).toString()).startsWith("test.conf:2: ").contains(message);
  }
}
