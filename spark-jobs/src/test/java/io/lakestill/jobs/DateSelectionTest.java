package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DateSelectionTest {
  @Test
  void everySelectionHasASummaryOfItsOwn() {
    List<DateSelection> selections =
        List.of(
            of("a"),
            of("a", "c"),
            of("a", "b", "c"),
            range("a", "c"),
            range("a", ""),
            range("", "c"));

    assertThat(selections.stream().map(DateSelection::fileName).distinct())
        .hasSize(selections.size());
    assertThat(of("a").fileName()).isEqualTo("dt=a");
    assertThat(of("c", "a").fileName()).isEqualTo(of("a", "c").fileName()).startsWith("dt=a..c.");
    assertThat(range("a", "c").fileName()).isEqualTo("dt=a..c");
  }

  private static DateSelection of(String... dates) {
    return new DateSelection(List.of(dates), Optional.empty(), Optional.empty());
  }

  private static DateSelection range(String from, String to) {
    return new DateSelection(
        List.of(),
        Optional.of(from).filter(date -> !date.isEmpty()),
        Optional.of(to).filter(date -> !date.isEmpty()));
  }
}
