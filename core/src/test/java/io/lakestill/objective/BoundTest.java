package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import io.lakestill.objective.Equipment.Draw;
import io.lakestill.objective.Equipment.Head;
import io.lakestill.objective.Equipment.Memory;
import io.lakestill.objective.WeightedTerms.Term;
import io.lakestill.objective.logit.EnsembleMeanLogitsKl;
import io.lakestill.objective.logit.KdKl;
import io.lakestill.recipe.Progress;
import io.lakestill.recipe.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.apache.commons.lang3.SerializationUtils;
import org.junit.jupiter.api.Test;

class BoundTest {
  private static final Map<String, String> BINDINGS =
      Map.of("student.map", "student.map_conv2", "teacher.map", "teacher.stage3");

  /** {@code loss = weight sum student + sum teacher}; counts its steps and keeps what it saw. */
  private static final class Probe implements Objective {
    private static final long serialVersionUID = 1L;

    private final transient List<Batch> batches = new ArrayList<>();
    private final transient List<Progress> progress = new ArrayList<>();

    @Override
    public Requirements requires() {
      return Requirements.of(
          "student.map", "teacher.map", "labels", "weight.scale", "index.order", "state.steps");
    }

    @Override
    public Equipment equip(Dimensions dimensions) {
      return new Equipment(
          List.of(
              new Head(
                  "weight.scale", List.of(dimensions.channels("student.map")), InitialValues.ZERO)),
          List.of(
              new Memory(
                  "state.steps", List.of(dimensions.channels("teacher.map")), InitialValues.ZERO)),
          List.of(
              new Draw.Permutation("index.order"),
              new Draw.Largest("index.largest", "teacher.map", 2)));
    }

    @Override
    public double evaluate(Batch batch, Gradients gradients) {
      batches.add(batch);
      progress.add(batch.progress());
      Tensor map = batch.finite("student.map");
      double scale = batch.tensor("weight.scale").data()[0];
      double sum = 0;
      for (int i = 0; i < map.size(); i++) {
        sum += map.data()[i];
        gradients.of("student.map").data()[i] += (float) scale;
      }
      gradients.of("weight.scale").data()[0] += (float) sum;
      batch.state().tensor("state.steps").data()[0]++;
      return scale * sum + batch.tensor("teacher.map").data()[0];
    }

    @Override
    public Map<String, Double> parts() {
      return Map.of("steps", (double) batches.size());
    }
  }

  private static Batch batch(int term, State state) {
    return Batch.of(2)
        .tensor("student.map_conv2", new Tensor(new int[] {2, 1}, new float[] {3, 4}))
        .tensor("teacher.stage3", new Tensor(new int[] {2, 1}, new float[] {10, 0}))
        .tensor("weight.scale/" + term, new Tensor(new int[] {1}, new float[] {term}))
        .indices("index.order/" + term, Indices.of(1, 0))
        .labels(new int[] {0, 1})
        .state(state)
        .build();
  }

  private static State steps(int... terms) {
    State state = new State();
    for (int term : terms) {
      state.part(String.valueOf(term)).put("state.steps", Tensor.zeros(1));
    }
    return state;
  }

  @Test
  void whatIsItsOwnCarriesTheNumberOfItsTerm() {
    Requirements outer = new Bound(new Probe(), BINDINGS, 3).requires();
    assertThat(outer.inputs())
        .containsExactly(
            "index.order/3",
            "labels",
            "state.steps/3",
            "student.map_conv2",
            "teacher.stage3",
            "weight.scale/3");
    assertThat(outer.differentiable()).containsExactly("student.map_conv2", "weight.scale/3");
  }

  @Test
  void evaluatesUnderOtherNamesAndRemembersInItsOwnPart() {
    State state = steps(3, 4);
    Batch batch = batch(3, state);
    Gradients gradients = Gradients.of(batch, Set.of("student.map_conv2", "weight.scale/3"));
    Bound bound = new Bound(new Probe(), BINDINGS, 3);

    assertThat(bound.evaluate(batch, gradients)).isEqualTo(3 * 7 + 10);
    assertThat(gradients.of("student.map_conv2").data()).containsExactly(3, 3);
    assertThat(gradients.of("weight.scale/3").data()).containsExactly(7);
    assertThat(state.part("3").tensor("state.steps").data()).containsExactly(1);
    assertThat(state.part("4").tensor("state.steps").data()).containsExactly(0);
    assertThat(bound.parts()).containsEntry("steps", 1.0);
  }

  @Test
  void theBatchWithinIsMadeOnceAndHoldsTheSameTensors() {
    Probe probe = new Probe();
    Bound bound = new Bound(probe, BINDINGS, 3);
    Batch batch = batch(3, steps(3));
    Gradients gradients = Gradients.of(batch, Set.of("student.map_conv2", "weight.scale/3"));
    bound.evaluate(batch, gradients);
    batch.tensor("student.map_conv2").data()[0] = 100;
    batch.progress(new Progress(2, 0.5));
    assertThat(bound.evaluate(batch, gradients)).isEqualTo(3 * 104 + 10);
    Gradients others = Gradients.of(batch, Set.of("student.map_conv2", "weight.scale/3"));
    bound.evaluate(batch, others);

    assertThat(others.of("weight.scale/3").data()).containsExactly(104);
    assertThat(probe.batches.get(1)).isSameAs(probe.batches.get(0));
    assertThat(probe.batches.get(0).tensor("student.map"))
        .isSameAs(batch.tensor("student.map_conv2"));
    assertThat(probe.batches.get(0).indices("index.order"))
        .isSameAs(batch.indices("index.order/3"));
    assertThat(probe.progress.subList(0, 2)).containsExactly(Progress.START, new Progress(2, 0.5));

    bound.evaluate(batch(3, steps(3)), gradients);
    assertThat(probe.batches.get(3)).isNotSameAs(probe.batches.get(0));
  }

  @Test
  void equipmentIsAskedInItsNamesAndAnsweredInTheTrainings() {
    Dimensions dimensions =
        new Dimensions(
            8,
            100,
            10,
            Map.of("student.map_conv2", List.of(16, 4, 4), "teacher.stage3", List.of(64, 4, 4)));
    WeightedTerms loss =
        new WeightedTerms(
            List.of(
                new Term("kd-kl", 1, new Bound(new KdKl(4), Map.of(), 0)),
                new Term("probe", 1, new Bound(new Probe(), BINDINGS, 1)),
                new Term("probe", 1, new Bound(new Probe(), BINDINGS, 2))));
    Equipment equipment = loss.equip(dimensions);
    assertThat(equipment.heads())
        .extracting(Head::name, Head::shape)
        .containsExactly(
            tuple("weight.scale/1", List.of(16)), tuple("weight.scale/2", List.of(16)));
    assertThat(equipment.memory())
        .extracting(Memory::name)
        .containsExactly("state.steps/1", "state.steps/2");
    assertThat(equipment.memory().get(0).shape()).containsExactly(64);
    assertThat(equipment.draws())
        .contains(
            new Draw.Permutation("index.order/1"),
            new Draw.Largest("index.largest/2", "teacher.stage3", 2));
    TermName bank = TermName.parse(equipment.memory().get(1).name());
    assertThat(bank).isEqualTo(new TermName("state.steps", 2));
    assertThat(bank.part()).isEqualTo("2");
  }

  @Test
  void everyDrawKeepsItsKindUnderAnotherName() {
    List<Draw> draws =
        List.of(
            new Draw.Samples("a"),
            new Draw.SameClass("a", 2),
            new Draw.OtherSamples("a", 3),
            new Draw.OtherClasses("a", 4),
            new Draw.ShardLabels("a"),
            new Draw.Permutation("a"),
            new Draw.Largest("a", "a", 5),
            new Draw.Fixed("a", Indices.of(1)));
    Equipment renamed =
        new Equipment(List.of(), List.of(), draws).renamed(name -> name.replace('a', 'b'));
    assertThat(renamed.renamed(name -> name.replace('b', 'a')).draws()).isEqualTo(draws);
    assertThat(renamed.names()).containsOnly("b");
  }

  @Test
  void termsThatAreNotBoundMustNotShareAHead() {
    WeightedTerms loss =
        new WeightedTerms(List.of(new Term("a", 1, new Probe()), new Term("b", 1, new Probe())));
    Dimensions dimensions =
        new Dimensions(8, 100, 10, Map.of("student.map", List.of(1), "teacher.map", List.of(1)));
    assertThatThrownBy(() -> loss.equip(dimensions))
        .hasMessage("two terms need 'weight.scale'; bind each to its number in the loss");
  }

  @Test
  void aFamilyStaysAFamily() {
    Bound bound =
        new Bound(
            new EnsembleMeanLogitsKl(Schedule.of(2)), Map.of("student.logits", "student.head"), 0);
    assertThat(bound.requires().inputs()).containsExactly("student.head", "teacher.logits.*");
    Batch plain = ensemble("student.logits", "teacher.logits.1", "teacher.logits.2");
    Batch renamed = ensemble("student.head", "teacher.logits.1", "teacher.logits.2");
    assertSameNumbers(bound, "student.head", renamed, plain);
  }

  @Test
  void boundMembersAreTheFamily() {
    Bound bound =
        new Bound(
            new EnsembleMeanLogitsKl(Schedule.of(2)),
            Map.of("teacher.logits.1", "teacher.big", "teacher.logits.2", "teacher.small"),
            0);
    assertThat(bound.requires().inputs())
        .containsExactly("student.logits", "teacher.big", "teacher.small");
    Batch plain = ensemble("student.logits", "teacher.logits.1", "teacher.logits.2");
    Batch renamed = ensemble("student.logits", "teacher.big", "teacher.small");
    assertSameNumbers(bound, "student.logits", renamed, plain);
  }

  private static Batch ensemble(String student, String first, String second) {
    SplittableRandom random = new SplittableRandom(5);
    return Batch.of(3)
        .tensor(student, RandomBatch.normal(random, 2, 3, 4))
        .tensor(first, RandomBatch.normal(random, 2, 3, 4))
        .tensor(second, RandomBatch.normal(random, 2, 3, 4))
        .build();
  }

  private static void assertSameNumbers(Bound bound, String student, Batch renamed, Batch plain) {
    Gradients expected = Gradients.of(plain, Set.of("student.logits"));
    Gradients gradients = Gradients.of(renamed, Set.of(student));
    assertThat(bound.evaluate(renamed, gradients))
        .isEqualTo(bound.objective().evaluate(plain, expected))
        .isPositive();
    assertThat(gradients.of(student).data()).isEqualTo(expected.of("student.logits").data());
  }

  @Test
  void theMaskOfTheBatchIsKept() {
    Objective probe =
        new Objective() {
          private static final long serialVersionUID = 1L;

          @Override
          public Requirements requires() {
            return Requirements.of("student.logits");
          }

          @Override
          public double evaluate(Batch batch, Gradients gradients) {
            return batch.unmaskedRows();
          }
        };
    Batch batch =
        Batch.of(3)
            .tensor("student.logits", Tensor.zeros(3, 2))
            .indices("mask", Indices.of(1, 0, 1))
            .build();
    assertThat(
            new Bound(probe, Map.of(), 0)
                .evaluate(batch, Gradients.of(batch, Set.of("student.logits"))))
        .isEqualTo(2);
  }

  @Test
  void aSerialisedCopyGivesTheSameNumbers() {
    Batch batch = RandomBatch.ofLogits(7, 4, 3, 2);
    Bound bound = new Bound(new KdKl(4), Map.of(), 1);
    double loss = bound.evaluate(batch, Gradients.of(batch, Set.of("student.logits")));
    assertThat(
            SerializationUtils.clone(bound)
                .evaluate(batch, Gradients.of(batch, Set.of("student.logits"))))
        .isEqualTo(loss);
  }
}
