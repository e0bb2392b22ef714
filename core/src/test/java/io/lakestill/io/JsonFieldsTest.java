package io.lakestill.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class JsonFieldsTest {
  private static final JsonFields FIELDS =
      JsonFields.of(
          Json.parse(
              """
              {"text": "a", "half": 0.5, "large": 4294967296, "nothing": null, "flag": true,
               "unit": "seconds", "when": "2026-01-31T12:00:00Z", "names": ["x", "y"],
               "inner": {"size": 3, "rows": [{"size": 1}, {"size": "two"}]}}
              """,
              "m.json"),
          "m.json");

  @Test
  void readsEveryType() {
    assertThat(FIELDS.text("text")).isEqualTo("a");
    assertThat(FIELDS.number("half")).isEqualTo(0.5);
    assertThat(FIELDS.whole("large")).isEqualTo(1L << 32);
    assertThat(FIELDS.flag("flag")).isTrue();
    assertThat(FIELDS.choice("unit", TimeUnit.class)).isEqualTo(TimeUnit.SECONDS);
    assertThat(FIELDS.instant("when")).isEqualTo(Instant.parse("2026-01-31T12:00:00Z"));
    assertThat(FIELDS.texts("names")).isEqualTo(List.of("x", "y"));
    assertThat(FIELDS.object("inner").integer("size")).isEqualTo(3);
    assertThat(FIELDS.object("inner").keys()).containsExactly("size", "rows");
  }

  @Test
  void optionalFieldsAreEmptyWhenMissingOrNull() {
    assertThat(FIELDS.optionalText("nothing")).isEmpty();
    assertThat(FIELDS.optionalNumber("absent")).isEmpty();
    assertThat(FIELDS.optional("absent", fields -> fields.integer("size"))).isEmpty();
    assertThat(FIELDS.optional("inner", fields -> fields.integer("size"))).contains(3);
  }

  @Test
  void refusesMissingFieldsWithTheirPlace() {
    assertRefused(
        () -> FIELDS.text("nothing"),
        "'m.json' has no field 'nothing'; it was not written by Lakestill or is damaged: restore it"
            + " or write it again.");
    assertRefused(() -> FIELDS.object("inner").text("name"), "has no field 'inner.name'");
  }

  @Test
  void refusesFieldsOfAnotherTypeWithTheirPlace() {
    assertRefused(
        () -> FIELDS.number("text"),
        "'m.json': field 'text' must be a number, is \"a\"; it was not written by Lakestill or is"
            + " damaged: restore it or write it again.");
    assertRefused(() -> FIELDS.whole("half"), "'half' must be a whole number, is 0.5");
    assertRefused(
        () -> FIELDS.integer("large"), "must be a whole number below 2^31, is 4294967296");
    assertRefused(() -> FIELDS.instant("text"), "must be a time such as 2026-01-31T12:00:00Z");
    assertRefused(() -> FIELDS.integers("names"), "must be a list of whole numbers, is [\"x\"");
    assertRefused(
        () -> FIELDS.choice("text", TimeUnit.class), "must be one of nanoseconds, microseconds,");
    assertRefused(
        () -> FIELDS.object("inner").objects("rows", fields -> fields.integer("size")),
        "field 'inner.rows[1].size' must be a whole number below 2^31, is \"two\"");
  }

  @Test
  void refusesRecordsThatTheirConstructorRefusesWithThePlace() {
    assertRefused(
        () -> FIELDS.build(() -> TimeUnit.valueOf("NEVER")), "'m.json' is not sound: No enum");
    assertRefused(
        () -> FIELDS.object("inner", fields -> TimeUnit.valueOf("NEVER")),
        "'m.json': 'inner' is not sound: No enum");
  }

  @Test
  void refusesWhatIsNoObject() {
    assertRefused(
        () -> JsonFields.of(Json.object().arrayNode(), "list.json"),
        "'list.json' does not hold a JSON object.");
  }

  private static void assertRefused(ThrowingCallable reading, String message) {
    assertThatThrownBy(reading)
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining(message);
  }
}
