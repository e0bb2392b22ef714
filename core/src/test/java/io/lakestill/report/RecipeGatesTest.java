package io.lakestill.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.recipe.ModelRole;
import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.RecipeDraft;
import io.lakestill.recipe.RecipeReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RecipeGatesTest {
  private static final Set<ModelRole> EVERY_MODEL = EnumSet.allOf(ModelRole.class);
  private static final Path QUICKSTART = Path.of("../conf/recipes/quickstart.conf");

  @Test
  void gatesOfTheQuickstartAreSound() throws IOException {
    Problems problems = new Problems();

    List<Gate> gates = RecipeGates.read(draft(), EVERY_MODEL, problems);

    assertThat(problems.found()).isEmpty();
    assertThat(gates).hasSize(draft().evaluate().orElseThrow().gates().size()).isNotEmpty();
  }

  @Test
  void everyGateThatIsNoConditionIsAProblem() throws IOException {
    List<Problem> found =
        problems("evaluate.gates=[student.acuracy > 1, student.accuracy > 0, nonsense]");

    assertThat(found)
        .extracting(Problem::path)
        .containsExactly("evaluate.gates[0]", "evaluate.gates[2]");
    assertThat(found.get(0).message()).contains("'student.acuracy'", "measures are");
    assertThat(found.get(0).where()).contains("--set evaluate.gates");
  }

  @Test
  void gateOnTheTeacherNeedsOne() throws IOException {
    List<Problem> found =
        problems(
            "teacher=null",
            "evaluate.gates=[student.accuracy > 0, across_seeds.wins > 1, student.agreement >"
                + " 0.5]");

    assertThat(found)
        .extracting(Problem::path)
        .containsExactly("evaluate.gates[1]", "evaluate.gates[2]");
    assertThat(found.get(0).message()).contains("'across_seeds.wins'", "without a teacher");
  }

  /** Nobody knows how large a model was, or how fast, of which there is a table. */
  @Test
  void gateOnTheSizeOfATeacherNeedsAModel() throws IOException {
    List<Problem> found =
        problems(
            "teacher=null",
            "teacher={id=t,table={path=scores,probabilities=p}}",
            "evaluate.gates=[student.parameters < teacher.parameters, teacher.accuracy > 0]");

    assertThat(found)
        .singleElement()
        .satisfies(
            problem ->
                assertThat(problem.message())
                    .contains(
                        "needs 'teacher.parameters', which nobody knows of a teacher that is a"
                            + " table; remove the gate"));
  }

  @Test
  void gateOnADeviationNeedsSeeds() throws IOException {
    List<Problem> found =
        problems(
            "train.seeds=[1]",
            "evaluate.gates=[across_seeds.student_accuracy.standard_deviation < 0.1]");

    assertThat(found)
        .singleElement()
        .satisfies(problem -> assertThat(problem.message()).contains("one seed has no deviation"));
  }

  /** What is refused before the run is just what an evaluation would miss. */
  @Test
  void refusesExactlyTheMeasuresThatAStudentAloneLacks() {
    var alone = SampleScorecards.studentOnly().toJson();

    for (String path : GateSide.PATHS) {
      boolean missing = !alone.at("/" + path.replace('.', '/')).isNumber();

      assertThat(GateSide.needsTeacher(path) || GateSide.needsSeeds(path))
          .as(path)
          .isEqualTo(missing);
    }
  }

  @Test
  void gateOnTheScratchTwinNeedsOne() throws IOException {
    Problems problems = new Problems();
    RecipeDraft draft =
        draft(
            "evaluate.gates=[across_seeds.mean_difference > 0, scratch.accuracy > 0,"
                + " across_seeds.scratch_accuracy.mean > 0, teacher.accuracy > 0,"
                + " student.agreement > 0, across_seeds.seeds > 0]");

    RecipeGates.read(draft, EnumSet.of(ModelRole.TEACHER, ModelRole.STUDENT), problems);

    assertThat(problems.found())
        .extracting(Problem::path)
        .containsExactly("evaluate.gates[0]", "evaluate.gates[1]", "evaluate.gates[2]");
    assertThat(problems.found().get(0).message())
        .contains("'across_seeds.mean_difference'", "there is no scratch twin");
  }

  private static List<Problem> problems(String... overrides) throws IOException {
    Problems problems = new Problems();
    RecipeGates.read(draft(overrides), EVERY_MODEL, problems);
    return problems.found();
  }

  private static RecipeDraft draft(String... overrides) throws IOException {
    Problems problems = new Problems();
    return new RecipeReader("/home", "/recipes")
        .draft(Files.readString(QUICKSTART), "quickstart.conf", List.of(overrides), problems)
        .orElseThrow(() -> new AssertionError(problems.found().toString()));
  }
}
