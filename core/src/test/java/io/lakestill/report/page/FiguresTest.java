package io.lakestill.report.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FiguresTest {
  private final Locale before = Locale.getDefault();

  @BeforeEach
  void speakGerman() {
    Locale.setDefault(Locale.GERMANY);
  }

  @AfterEach
  void speakAsBefore() {
    Locale.setDefault(before);
  }

  @ParameterizedTest
  @CsvSource({
    "0.961, 96.1 %",
    "0.8845, 88.5 %",
    "1, 100.0 %",
    "0, 0.0 %",
    "0.9996, 99.96 %",
    "0.0004, 0.04 %"
  })
  void percentNeverRoundsToAllOrNone(double fraction, String text) {
    assertThat(plainSpaces(Figures.percent(fraction))).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0.0392, 3.9 %", "0.04, 4 %", "0.123, 12 %", "0.00042, 0.042 %"})
  void shareHasTwoDigits(double fraction, String text) {
    assertThat(plainSpaces(Figures.share(fraction))).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0.019, 1.9 points", "-0.01, 1.0 point", "0.0002, 0.020 points", "0, 0.0 points"})
  void pointsAreWithoutSign(double difference, String text) {
    assertThat(plainSpaces(Figures.points(difference))).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"999, 999 B", "10655, 10.7 kB", "2500000, 2.5 MB", "3210000000, 3.21 GB"})
  void bytesAreDecimal(long bytes, String text) {
    assertThat(plainSpaces(Figures.bytes(bytes))).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"12.34, 12.3 s", "203.7, 3 min 24 s", "119.9, 2 min 0 s", "3600, 60 min 0 s"})
  void longTimesAreInMinutes(double seconds, String text) {
    assertThat(plainSpaces(Figures.seconds(seconds))).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"2410 | 2,410", "6148.2 | 6,148.2", "0.87451 | 0.8745", "-0.0000001 | -0.0000001"})
  void valuesKeepTheirDigits(double value, String text) {
    assertThat(Figures.value(value)).isEqualTo(text);
  }

  @Test
  void smallCountsAreShort() {
    assertThat(Figures.shortCount(999)).isEqualTo("999");
    assertThat(Figures.shortCount(12_345)).isEqualTo("12k");
    assertThat(Figures.shortCount(1e6)).isEqualTo("1M");
    assertThat(Figures.shortCount(1.26e9)).isEqualTo("1.3G");
  }

  @Test
  void shortenedLabelsKeepBothEndsAndWholeCharacters() {
    assertThat(Figures.shortened("class number 12", 12)).isEqualTo("class\u2026er 12");
    assertThat(Figures.shortened("short", 12)).isEqualTo("short");
    assertThat(Figures.shortened("\uD83D\uDE00".repeat(13), 5))
        .isEqualTo("\uD83D\uDE00\uD83D\uDE00\u2026\uD83D\uDE00\uD83D\uDE00");
  }

  @Test
  void noNegativeZero() {
    assertThat(Figures.fixed(-1e-9, 4)).isEqualTo("0.0000");
    assertThat(Figures.plain(-0.001)).isEqualTo("0");
  }

  private static String plainSpaces(String text) {
    return text.replace('\u00a0', ' ');
  }
}
