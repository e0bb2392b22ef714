package io.lakestill.report;

import io.lakestill.metric.ClassificationTally;
import io.lakestill.recipe.BestBy;
import io.lakestill.recipe.ModelRole;
import io.lakestill.train.Epoch;
import io.lakestill.train.TrainingHistory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Scorecards of models that were never trained: their logits are drawn, so that every figure hangs
 * together as it would in a real one. The same arguments give the same scorecard.
 */
public final class SampleScorecards {
  private static final List<String> GARMENTS =
      List.of(
          "T-shirt/top",
          "Trouser",
          "Pullover",
          "Dress",
          "Coat",
          "Sandal",
          "Shirt",
          "Sneaker",
          "Bag",
          "Ankle boot");
  private static final int BINS = 15;

  private final List<String> classes;
  private final int rows;
  private final Random random;

  private SampleScorecards(List<String> classes, int rows, long seed) {
    this.classes = classes;
    this.rows = rows;
    this.random = new Random(seed);
  }

  /** Ten classes, five seeds, the student clearly ahead of its twin; one gate of three fails. */
  public static Scorecard fiveSeeds() {
    return distilled(new SampleScorecards(GARMENTS, 2000, 5), 5, 0.85)
        .judgedBy(
            List.of(
                Gate.parse("student.accuracy >= 0.95"),
                Gate.parse("student.parameters <= 0.1 * teacher.parameters"),
                Gate.parse("across_seeds.mean_difference > 0")));
  }

  /** Two classes and no teacher. */
  public static Scorecard studentOnly() {
    SampleScorecards sample = new SampleScorecards(List.of("<=50K", ">50K"), 900, 7);
    int[] labels = sample.labels();
    float[][] logits = sample.logits(3, labels, new float[sample.rows][2]);
    ModelScore student = sample.score(labels, logits, Optional.empty(), 4_321, 18_040, 512_000);
    return new Scorecard(
        sample.provenance("census", List.of()),
        sample.classes,
        sample.rows,
        Optional.empty(),
        student,
        Optional.empty(),
        List.of(new SeedScore(1, SeedScore.Measures.of(student), Optional.empty())),
        List.of(sample.curve(ModelRole.STUDENT, 1, 0.82)),
        List.of());
  }

  /** Many classes, one seed, and a student that does not beat its twin. */
  public static Scorecard manyClasses(int count) {
    List<String> names = IntStream.range(0, count).mapToObj(i -> "class number " + i).toList();
    return distilled(new SampleScorecards(names, 20 * count, 11), 1, 1.2);
  }

  /** Three classes, two seeds, and a gate that fails. */
  public static Scorecard small() {
    return distilled(
            new SampleScorecards(List.of("setosa", "versicolor", "virginica"), 150, 3), 2, 0.3)
        .judgedBy(
            List.of(
                Gate.parse("student.accuracy > 0.999"),
                Gate.parse("student.bytes < 0.1 * teacher.bytes")));
  }

  /** Of a student that learned from these signal tables. */
  static Scorecard ofSignals(List<Provenance.SignalTableVersion> tables) {
    Scorecard card = small();
    return new Scorecard(
        new SampleScorecards(card.classes(), 1, 3).provenance("sample", tables),
        card.classes(),
        card.testRows(),
        card.teacher(),
        card.student(),
        card.scratch(),
        card.perSeed(),
        card.curves(),
        card.gates());
  }

  /** Two classes with the given names. */
  public static Scorecard named(String first, String second) {
    return distilled(new SampleScorecards(List.of(first, second), 300, 3), 2, 0.9);
  }

  private static Scorecard distilled(SampleScorecards sample, int seeds, double twinNoise) {
    int[] labels = sample.labels();
    float[][] nothing = new float[sample.rows][sample.classes.size()];
    float[][] teacherLogits = sample.logits(7.5, labels, nothing);
    ModelScore teacher =
        sample.score(labels, teacherLogits, Optional.empty(), 61_482, 248_530, 41_900);
    List<ModelScore> students = new ArrayList<>();
    List<ModelScore> twins = new ArrayList<>();
    List<SeedScore> perSeed = new ArrayList<>();
    List<TrainingCurve> curves = new ArrayList<>();
    for (int seed = 1; seed <= seeds; seed++) {
      students.add(
          sample.score(
              labels,
              sample.logits(2.2, labels, teacherLogits),
              Optional.of(teacherLogits),
              2_410,
              10_655,
              338_400));
      twins.add(
          sample.score(
              labels,
              sample.logits(6 * twinNoise, labels, nothing),
              Optional.of(teacherLogits),
              2_410,
              10_655,
              335_100));
      perSeed.add(
          new SeedScore(
              seed,
              SeedScore.Measures.of(students.get(seed - 1)),
              Optional.of(SeedScore.Measures.of(twins.get(seed - 1)))));
      curves.add(sample.curve(ModelRole.STUDENT, seed, students.get(seed - 1).accuracy()));
      curves.add(sample.curve(ModelRole.SCRATCH, seed, twins.get(seed - 1).accuracy()));
    }
    return new Scorecard(
        sample.provenance(
            "sample",
            List.of(new Provenance.SignalTableVersion("hdfs://lake/signals/garments-cnn", 3))),
        sample.classes,
        sample.rows,
        Optional.of(teacher),
        students.get(0),
        Optional.of(twins.get(0)),
        perSeed,
        curves,
        List.of());
  }

  private int[] labels() {
    return random.ints(rows, 0, classes.size()).toArray();
  }

  /**
   * Noise over a base, plus {@code knowledge} for the true class and a part of it for a class that
   * looks like it; what is hard for one model is hard for the next.
   */
  private float[][] logits(double knowledge, int[] labels, float[][] base) {
    int width = classes.size();
    float[][] logits = new float[rows][width];
    for (int row = 0; row < rows; row++) {
      for (int c = 0; c < width; c++) {
        logits[row][c] = (float) (0.8 * base[row][c] + 1.15 * random.nextGaussian());
      }
      double clarity = Math.min(1, 0.35 + 0.9 * ((row * 7919L) % rows) / rows);
      logits[row][labels[row]] += (float) (knowledge * clarity);
      logits[row][(labels[row] + 2) % width] += (float) (knowledge * 0.35);
    }
    return logits;
  }

  private ModelScore score(
      int[] labels,
      float[][] logits,
      Optional<float[][]> teacher,
      long parameters,
      long bytes,
      double rowsPerSecond) {
    ClassificationTally tally = new ClassificationTally(classes.size(), BINS);
    for (int row = 0; row < rows; row++) {
      if (teacher.isPresent()) {
        tally.add(logits[row], 0, labels[row], teacher.get()[row], 0);
      } else {
        tally.add(logits[row], 0, labels[row]);
      }
    }
    return ModelScore.of(tally, parameters, bytes, rowsPerSecond);
  }

  private TrainingCurve curve(ModelRole role, long seed, double reached) {
    TrainingHistory history = TrainingHistory.empty();
    for (int number = 1; number <= 24; number++) {
      double gap = 0.4 * Math.exp(-number / 4.0) + 0.006 * random.nextGaussian();
      double accuracy = Math.min(1, Math.max(0, reached - gap));
      history =
          history.with(
              new Epoch(number, 0.2 + 4 * gap * gap, Map.of(), accuracy, 0.3, Map.of(), 1, 9e4));
    }
    return TrainingCurve.of(role, seed, history.best(BestBy.ACCURACY).number(), history);
  }

  private Provenance provenance(String recipe, List<Provenance.SignalTableVersion> signalTables) {
    return new Provenance(
        recipe,
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        Instant.parse("2026-11-21T10:15:30Z"),
        "0.1.0",
        new Machine("AMD EPYC 7763 64-Core Processor", 2, "17.0.15+6"),
        signalTables,
        List.of(
            new Provenance.StageTime("teach", 12.4),
            new Provenance.StageTime("train", 203.7),
            new Provenance.StageTime("evaluate", 8.1)));
  }
}
