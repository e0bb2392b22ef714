package io.lakestill.jobs;

import io.lakestill.report.AcrossSeeds;
import io.lakestill.report.ModelScore;
import io.lakestill.report.Scorecard;
import io.lakestill.report.SeedScore;
import io.lakestill.report.TeacherScore;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Tells a person on the console what a scorecard says; the table can be pasted into Markdown. */
record ScorecardLines(Console console) {

  void show(Scorecard card) {
    console.line("");
    card.teacher().ifPresent(score -> line("teacher", score));
    card.teachers().forEach(this::line);
    card.unmeasured()
        .forEach(id -> console.line("    teacher %s: says nothing of the test rows".formatted(id)));
    line("student", card.student());
    card.scratch().ifPresent(score -> line("scratch", score));
    card.acrossSeeds()
        .twin()
        .filter(twin -> card.perSeed().size() > 1)
        .ifPresent(t -> table(card, t));
    console.line("");
    card.gates()
        .forEach(gate -> console.line("  " + (gate.passed() ? "passed" : "FAILED") + ": " + gate));
  }

  private void table(Scorecard card, AcrossSeeds.Twin twin) {
    console.line("");
    console.line(
        "  | test accuracy, seed | " + cells(card, score -> "" + score.seed()) + " | mean |");
    console.line("  |---|" + "---|".repeat(card.perSeed().size() + 1));
    console.line(
        "  | student | %s | %s |"
            .formatted(
                cells(card, score -> percent(score.student().accuracy())),
                percent(card.acrossSeeds().student().mean())));
    console.line(
        "  | scratch | %s | %s |"
            .formatted(
                cells(card, score -> percent(score.scratch().orElseThrow().accuracy())),
                percent(twin.scratch().mean())));
  }

  private void line(String name, ModelScore score) {
    String said =
        String.format(
            Locale.ROOT,
            "  %-8s accuracy %s  cross-entropy %.4f",
            name,
            percent(score.accuracy()),
            score.crossEntropy());
    String model =
        String.format(
            Locale.ROOT,
            "  %,d parameters  %,.0f rows/s on one core",
            score.parameters(),
            score.rowsPerSecond());
    // A teacher that is a table has neither.
    console.line(score.bytes() == 0 ? said : said + model);
  }

  private void line(TeacherScore teacher) {
    console.line(
        String.format(
            Locale.ROOT,
            "    teacher %s: accuracy %s  cross-entropy %.4f%s",
            teacher.id(),
            percent(teacher.accuracy()),
            teacher.crossEntropy(),
            // Nobody knows those of a teacher that is a table.
            teacher.parameters() == 0
                ? ""
                : String.format(Locale.ROOT, "  %,d parameters", teacher.parameters())));
  }

  private static String cells(Scorecard card, Function<SeedScore, String> shown) {
    return card.perSeed().stream().map(shown).collect(Collectors.joining(" | "));
  }

  private static String percent(double fraction) {
    return String.format(Locale.ROOT, "%.2f %%", 100 * fraction);
  }
}
