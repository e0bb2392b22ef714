package io.lakestill.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import io.lakestill.io.JsonFields;
import io.lakestill.recipe.ModelRole;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the student lost and won against its teacher and its scratch twin, on rows none of them was
 * trained on.
 *
 * @param provenance recipe, signals, machine, times
 * @param classes the class names, in the order of the logits
 * @param testRows the rows every model was measured on
 * @param teacher empty when the student learned from labels alone, or no teacher could be measured
 * @param student the student of the first seed, the one in the bundle
 * @param scratch its twin of the first seed, trained without a teacher
 * @param perSeed one entry per seed, in the order of the recipe
 * @param curves one per training
 * @param gates what the gates said; empty until {@link #judgedBy} and when there are none
 * @param teachers the own score of each of several teachers, in the recipe's order, the one that
 *     {@code teacher} stands for first; empty when there is one or none
 * @param unmeasured the teachers that say nothing of the test rows, by id: tables without them
 */
public record Scorecard(
    Provenance provenance,
    List<String> classes,
    long testRows,
    Optional<ModelScore> teacher,
    ModelScore student,
    Optional<ModelScore> scratch,
    List<SeedScore> perSeed,
    List<TrainingCurve> curves,
    List<GateResult> gates,
    List<TeacherScore> teachers,
    List<String> unmeasured) {
  public Scorecard {
    classes = List.copyOf(classes);
    perSeed = List.copyOf(perSeed);
    curves = List.copyOf(curves);
    gates = List.copyOf(gates);
    teachers = List.copyOf(teachers);
    unmeasured = List.copyOf(unmeasured);
    boolean alone = teachers.size() == 1 && unmeasured.isEmpty();
    if (alone || (!teachers.isEmpty() && teacher.isEmpty())) {
      throw new IllegalArgumentException("teachers are listed when there are several");
    }
    if (perSeed.isEmpty()) {
      throw new IllegalArgumentException("a scorecard needs at least one seed");
    }
    boolean twins = scratch.isPresent();
    if (perSeed.stream().anyMatch(seed -> seed.scratch().isPresent() != twins)) {
      throw new IllegalArgumentException("a scratch twin must be there for every seed or for none");
    }
    if (twins && teacher.isEmpty() && unmeasured.isEmpty()) {
      throw new IllegalArgumentException("without a teacher there is no scratch twin");
    }
    if (teacher.flatMap(ModelScore::toTeacher).isPresent()) {
      throw new IllegalArgumentException("a teacher has no distance to itself");
    }
    for (ModelScore model :
        Stream.of(Optional.of(student), scratch).flatMap(Optional::stream).toList()) {
      if (model.toTeacher().isPresent() != teacher.isPresent()) {
        throw new IllegalArgumentException(
            "student and scratch need a distance to the teacher exactly when there is one");
      }
    }
    for (ModelScore model :
        Stream.of(teacher, Optional.of(student), scratch).flatMap(Optional::stream).toList()) {
      if (model.confusion().classes() != classes.size() || model.confusion().total() != testRows) {
        throw new IllegalArgumentException(
            "every confusion needs %d classes and %d test rows, one has %d and %d"
                .formatted(
                    classes.size(),
                    testRows,
                    model.confusion().classes(),
                    model.confusion().total()));
      }
    }
  }

  /** The scorecard of a run with one teacher or none. */
  public Scorecard(
      Provenance provenance,
      List<String> classes,
      long testRows,
      Optional<ModelScore> teacher,
      ModelScore student,
      Optional<ModelScore> scratch,
      List<SeedScore> perSeed,
      List<TrainingCurve> curves,
      List<GateResult> gates) {
    this(
        provenance,
        classes,
        testRows,
        teacher,
        student,
        scratch,
        perSeed,
        curves,
        gates,
        List.of(),
        List.of());
  }

  /** This scorecard with the own score of each of several teachers. */
  public Scorecard withTeachers(List<TeacherScore> several) {
    return new Scorecard(
        provenance,
        classes,
        testRows,
        teacher,
        student,
        scratch,
        perSeed,
        curves,
        gates,
        several,
        unmeasured);
  }

  public Optional<ModelScore> score(ModelRole role) {
    return switch (role) {
      case TEACHER -> teacher;
      case STUDENT -> Optional.of(student);
      case SCRATCH -> scratch;
    };
  }

  public List<Long> seeds() {
    return perSeed.stream().map(SeedScore::seed).toList();
  }

  public AcrossSeeds acrossSeeds() {
    return AcrossSeeds.of(perSeed);
  }

  /** True when every gate holds. */
  public boolean passed() {
    return gates.stream().allMatch(GateResult::passed);
  }

  /**
   * This scorecard with the verdict of the gates in place of the one it had.
   *
   * @throws io.lakestill.error.LakestillException (exit 2) when a gate needs a measure that this
   *     scorecard does not have
   */
  public Scorecard judgedBy(List<Gate> judges) {
    JsonNode measures = toJson();
    List<GateResult> results = judges.stream().map(gate -> gate.evaluate(measures)).toList();
    return new Scorecard(
        provenance,
        classes,
        testRows,
        teacher,
        student,
        scratch,
        perSeed,
        curves,
        results,
        teachers,
        unmeasured);
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 6) when a gate does not hold
   */
  public void throwIfRefused() {
    if (!passed()) {
      throw Errors.gatesRefused(
          gates.stream().filter(gate -> !gate.passed()).map(GateResult::toString).toList());
    }
  }

  /** The contract, format version 1: {@code io/lakestill/schema/scorecard.v1.schema.json}. */
  public ObjectNode toJson() {
    return ScorecardJson.write(this);
  }

  /**
   * @param origin the file it was read from, for messages
   * @throws io.lakestill.error.LakestillException (exit 3) when it is not a sound scorecard of a
   *     known format version
   */
  public static Scorecard fromJson(ObjectNode json, String origin) {
    return ScorecardJson.read(JsonFields.of(json, origin));
  }
}
