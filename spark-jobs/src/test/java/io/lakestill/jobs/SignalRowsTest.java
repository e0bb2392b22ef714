package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.jobs.SyntheticSignals.Example;
import io.lakestill.objective.Requirements;
import io.lakestill.signal.LogitSummary;
import io.lakestill.signal.SignalTable;
import io.lakestill.train.PackedRow;
import io.lakestill.train.RowLayout;
import io.lakestill.train.RowLayout.Slot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the loss gets of one teacher, of several, and of expressions over their tables. */
class SignalRowsTest {
  private static final float RAISED = 50;

  private static List<Example> training;
  private static List<Example> validation;

  @TempDir Path folder;

  @BeforeAll
  static void readDigits() {
    training = Digits.examples(Split.TRAIN);
    validation = Digits.examples(Split.VALIDATION);
  }

  private SyntheticSignals teacher(String id, float raised) {
    SyntheticSignals signals = new SyntheticSignals(folder.resolve(id), id, raised, 2, 17);
    training.forEach(example -> signals.say(example, 0).say(example, 1));
    validation.forEach(example -> signals.say(example, 0));
    return signals;
  }

  /** The target rows of all training examples, view after view. */
  private static List<float[]> targets(List<SignalTable> tables, String... needs) {
    PackedTables packed = pack(tables, needs);
    List<float[]> targets = new ArrayList<>();
    for (PackedRow row : packed.training().collect()) {
      int width = row.targets().length / 2;
      targets.add(Arrays.copyOfRange(row.targets(), 0, width));
      targets.add(Arrays.copyOfRange(row.targets(), width, 2 * width));
    }
    assertThat(targets).hasSize(2 * training.size());
    return targets;
  }

  private static PackedTables pack(List<SignalTable> tables, String... needs) {
    return pack(tables, Set.of(), needs);
  }

  private static PackedTables pack(
      List<SignalTable> tables, Set<String> rowWeights, String... needs) {
    Blueprint blueprint = Digits.blueprint();
    Requirements requirements = Requirements.of(needs);
    Taught taught =
        Taught.current(
            tables.stream().map(t -> new SignalSource(t, blueprint.features())).toList(),
            blueprint.recipe().data(),
            requirements);
    RowLayout layout = RowLayout.targets(requirements, taught.shapes(requirements));
    return PackedTables.pack(
        Digits.spark(),
        new PackedTables.Plan(
            blueprint.recipe().data(), blueprint.features(), layout, taught, rowWeights, 2));
  }

  @Test
  void computesEachExpressionOfEachView() throws IOException {
    SignalTable table = teacher("resnet", 0).commit(2);

    // Slots by name: the logits, then the expressions.
    List<float[]> targets =
        targets(
            List.of(table),
            "teacher.logits",
            "teacher.sql:argmax = label",
            "teacher.sql:entropy * 2",
            "teacher.sql:resnet.logits[3]");

    for (float[] target : targets) {
      float[] logits = Arrays.copyOfRange(target, 1, 11);
      assertThat(target[11]).isEqualTo(1);
      assertThat(target[12]).isCloseTo(2 * LogitSummary.of(logits, 0, 10).entropy(), within(1e-6f));
      assertThat(target[13]).isEqualTo(logits[3]);
    }
  }

  @Test
  void pairsWhatSeveralTeachersSayOfTheSameView() throws IOException {
    List<SignalTable> both =
        List.of(teacher("resnet", 0).commit(2), teacher("vit-b", RAISED).commit(3));

    List<float[]> targets =
        targets(
            both,
            "teacher.logits.*",
            "teacher.sql:`vit-b`.logits[7] - resnet.logits[7]",
            "teacher.sql:resnet.argmax = `vit-b`.argmax and view_id < 2",
            "teacher.sql:resnet.entropy");

    for (float[] target : targets) {
      float[] first = Arrays.copyOfRange(target, 1, 11);
      assertThat(target).hasSize(24);
      for (int c = 0; c < 10; c++) {
        assertThat(target[11 + c]).isCloseTo(first[c] + RAISED, within(1e-4f));
      }
      assertThat(target[21]).isCloseTo(RAISED, within(1e-4f));
      assertThat(target[22]).isEqualTo(1);
      assertThat(target[23]).isCloseTo(LogitSummary.of(first, 0, 10).entropy(), within(1e-6f));
    }
  }

  @Test
  void takesTheColumnThatAnExpressionWritesInOtherLetterCase() throws IOException {
    List<SignalTable> both =
        List.of(teacher("resnet", 0).commit(1), teacher("vit", RAISED).commit(1));

    for (float[] target : targets(both, "teacher.sql:VIT.LOGITS[7] - Resnet.logits[7]")) {
      assertThat(target[1]).isCloseTo(RAISED, within(1e-4f));
    }
  }

  @Test
  void refusesNegativeWeightsByKey() throws IOException {
    List<SignalTable> table = List.of(teacher("resnet", 0).commit(1));
    String weight = "0.5 - argmax";

    assertThatThrownBy(() -> pack(table, Set.of(weight), "teacher.sql:" + weight))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining("examples whose weight in a term of the loss is negative, such as ")
        .hasMessageContaining("(view 0: '0.5 - argmax' is -")
        .hasMessageContaining("greatest(expression, 0)")
        .satisfies(e -> assertThat(e.getMessage().split("view 0", -1)).hasSize(6));
    assertThat(pack(table, Set.of("margin"), "teacher.sql:" + weight).rows().training())
        .isEqualTo(training.size());
  }

  @Test
  void gathersSeveralTablesInOneShuffleAndReadsOnlyWhatIsNeeded() throws IOException {
    Blueprint blueprint = Digits.blueprint();
    Requirements requirements = Requirements.of("teacher.logits.1", "teacher.sql:vit.entropy");
    Taught taught =
        Taught.current(
            Stream.of(teacher("resnet", 0).commit(1), teacher("vit", 0).commit(1))
                .map(table -> new SignalSource(table, blueprint.features()))
                .toList(),
            blueprint.recipe().data(),
            requirements);
    List<Slot> slots =
        RowLayout.targets(requirements, taught.shapes(requirements)).slots().subList(1, 3);

    String plan =
        new SignalRows(Digits.spark(), taught, slots)
            .byExample()
            .queryExecution()
            .sparkPlan()
            .toString();

    String executed =
        new SignalRows(Digits.spark(), taught, slots)
            .byExample()
            .queryExecution()
            .executedPlan()
            .toString();
    assertThat(executed.lines().filter(line -> line.contains("Exchange "))).hasSize(1);
    assertThat(plan.lines().filter(line -> line.contains("ReadSchema") && line.contains("logits")))
        .as(plan)
        .hasSize(1);
  }

  @Test
  void refusesAnExampleThatOneTeacherDidNotSee() throws IOException {
    SyntheticSignals second = teacher("vit", RAISED);
    List<SignalTable> both =
        List.of(teacher("resnet", 0).commit(1), second.unsay().unsay().commit(1));

    assertRefused(
        both,
        List.of("teacher.logits.1", "teacher.logits.2"),
        "2 examples without signals, such as",
        validation.get(validation.size() - 1).id() + " (teacher 'vit')",
        "run teach again");
  }

  @Test
  void refusesAViewThatOneTeacherSawTwice() throws IOException {
    List<SignalTable> both =
        List.of(
            teacher("resnet", 0).say(training.get(3), 1).commit(2), teacher("vit", 0).commit(1));

    assertRefused(
        both,
        List.of("teacher.logits.1", "teacher.logits.2"),
        "1 example with more than one signal row for one view, such as " + training.get(3).id());
  }

  @Test
  void refusesContentThatOneTeacherNeverSaw() throws IOException {
    SyntheticSignals second = new SyntheticSignals(folder.resolve("vit"), "vit", 0, 2, 17);
    training.forEach(example -> second.say(example, 0).say(example, 1));
    validation.forEach(example -> second.say(example.id(), 0, "0".repeat(32), example.label()));

    assertRefused(
        List.of(teacher("resnet", 0).commit(1), second.commit(1)),
        List.of("teacher.logits.1", "teacher.logits.2"),
        validation.size() + " examples whose content is not what the teacher saw",
        "(teacher 'vit')");
  }

  @Test
  void leavesOutWhatAnyTeacherPutIntoQuarantine() throws IOException {
    SyntheticSignals first = new SyntheticSignals(folder.resolve("resnet"), "resnet", 0, 2, 17);
    SyntheticSignals second = new SyntheticSignals(folder.resolve("vit"), "vit", 0, 2, 17);
    for (int i = 0; i < training.size(); i++) {
      sayOrQuarantine(first, training.get(i), i == 0 || i == 5);
      sayOrQuarantine(second, training.get(i), i == 5 || i == 9);
    }
    validation.forEach(example -> first.say(example, 0));
    validation.forEach(example -> second.say(example, 0));

    PackedTables packed =
        pack(List.of(first.commit(1), second.commit(1)), "teacher.logits.1", "teacher.logits.2");

    assertThat(packed.rows().leftOut()).isEqualTo(3);
    assertThat(packed.rows().training()).isEqualTo(training.size() - 3);
  }

  private static void sayOrQuarantine(SyntheticSignals signals, Example example, boolean bad) {
    signals.say(example, 0);
    if (bad) {
      signals.quarantine(example.id(), 1);
    } else {
      signals.say(example, 1);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "case when argmax = 3 then null else margin end | is null)",
        "1 / (argmax - 3) | is null)",
        "ln(argmax - 3) | is null)",
        "double('NaN') | is NaN)",
        "1e39D | is 1.0E39)"
      })
  void refusesRowsForWhichAnExpressionGivesNoNumber(String expression, String value)
      throws IOException {
    assertRefused(
        List.of(teacher("resnet", 0).commit(1)),
        List.of("teacher.sql:" + expression),
        "for which an expression of the loss gives no number, such as ",
        " (view 0: '" + expression + "' " + value,
        "coalesce(expression, 0)");
  }

  @Test
  void namesFiveExamplesOfAnExpressionWithoutNumbers() throws IOException {
    List<SignalTable> table = List.of(teacher("resnet", 0).commit(1));

    assertThatThrownBy(() -> pack(table, "teacher.sql:1 / (margin - margin)"))
        .hasMessageContaining(training.size() + validation.size() + " examples for which")
        .satisfies(e -> assertThat(e.getMessage().split("view 0", -1)).hasSize(6));
  }

  @Test
  void refusesAnExpressionThatTheTablesCannotAnswer() throws IOException {
    assertRefused(
        List.of(teacher("resnet", 0).commit(1)),
        List.of("teacher.sql:embedding[0] > 0"),
        "'embedding[0] > 0' over the signals in",
        "version 1 is refused:",
        "their columns are sample_id, view_id, content_hash, teacher_id, label, argmax, entropy,"
            + " margin, logits");
  }

  @Test
  void refusesASignalThatNoTeacherGives() throws IOException {
    assertRefused(
        List.of(teacher("resnet", 0).commit(1), teacher("vit", 0).commit(1)),
        List.of("teacher.logits"),
        "have no 'logits', which the loss needs, they have [logits.1, logits.2]",
        "name it in the outputs of a teacher and run teach again");
  }

  private static void assertRefused(
      List<SignalTable> tables, List<String> needs, String... messages) {
    assertThatThrownBy(() -> pack(tables, needs.toArray(String[]::new)))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContainingAll(messages);
  }
}
