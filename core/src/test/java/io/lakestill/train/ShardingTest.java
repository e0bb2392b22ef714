package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Bound;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Head;
import io.lakestill.objective.Equipment.Memory;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.InitialValues;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.State;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.WeightedTerms;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShardingTest {
  /** Remembers a row per sample and learns a head. */
  private record Banked() implements Objective {
    @Override
    public Requirements requires() {
      return Requirements.of("student.logits", "weight.gain", "state.bank");
    }

    @Override
    public Equipment equip(Dimensions dimensions) {
      List<Integer> shape = List.of(dimensions.samples(), dimensions.channels("student.logits"));
      return new Equipment(
          List.of(new Head("weight.gain", List.of(3, 2), new InitialValues.Uniform(1))),
          List.of(new Memory("state.bank", shape, new InitialValues.Uniform(1))),
          List.of());
    }

    @Override
    public double evaluate(Batch batch, Gradients gradients) {
      return 0;
    }
  }

  private static final WeightedTerms LOSS =
      new WeightedTerms(
          List.of(
              new WeightedTerms.Term("first", 1, new Bound(new Banked(), Map.of(), 0)),
              new WeightedTerms.Term("second", 1, new Bound(new Banked(), Map.of(), 1))));

  private static final RowLayout OUTPUTS =
      new RowLayout(List.of(new RowLayout.Slot("student.logits", List.of(5), 0)));
  private static final RowLayout TARGETS = RowLayout.targets(Requirements.of("labels"), Map.of());

  private static BatchLayout layout(Objective loss) {
    return BatchLayout.of(loss, OUTPUTS, TARGETS, 4, 10);
  }

  private static PackedRows rows(int count) {
    // Sorted by class, as a table may be.
    return HeapRows.of(
        IntStream.range(0, count)
            .mapToObj(row -> new PackedRow(new float[1], new float[] {row * 5 / count}))
            .toList());
  }

  private static List<Shard> deal(int count, int cores, int partition, long seed) {
    return new Sharding(LOSS, layout(LOSS), cores, 4, seed).deal(rows(count), partition);
  }

  @Test
  void everyRowIsInOneShardAndShardsDifferByOneRow() {
    for (int count : new int[] {3, 30, 31, 32}) {
      List<Integer> all = new ArrayList<>();
      for (Shard shard : deal(count, 3, 0, 1)) {
        assertThat(shard.samples()).isBetween(count / 3, count / 3 + 1);
        for (int sample = 0; sample < shard.samples(); sample++) {
          all.add(shard.row(sample));
          assertThat(shard.label(sample)).isEqualTo(shard.row(sample) * 5 / count);
        }
      }
      assertThat(all).hasSize(count).doesNotHaveDuplicates();
    }
  }

  @Test
  void eachShardHasItsPartOfASortedTable() {
    for (Shard shard : deal(1000, 2, 0, 1)) {
      for (int label = 0; label < 5; label++) {
        assertThat(shard.classStart(label + 1) - shard.classStart(label)).isBetween(70, 130);
      }
    }
  }

  @Test
  void oneCoreHasTheRowsAsTheyAre() {
    Shard shard = deal(20, 1, 4, 9).get(0);

    assertThat(shard.worker()).isEqualTo(4);
    for (int sample = 0; sample < 20; sample++) {
      assertThat(shard.row(sample)).isEqualTo(sample);
    }
  }

  @Test
  void isTheSameWheneverItIsDealt() {
    List<Shard> first = deal(31, 2, 1, 7);
    List<Shard> again = deal(31, 2, 1, 7);

    for (int core = 0; core < 2; core++) {
      assertThat(first.get(core).worker()).isEqualTo(2 + core);
      assertThat(again.get(core).labels()).isEqualTo(first.get(core).labels());
      assertThat(States.tensors(again.get(core).state()))
          .isEqualTo(States.tensors(first.get(core).state()));
    }
    assertThat(States.tensors(deal(31, 2, 1, 8).get(0).state()))
        .isNotEqualTo(States.tensors(first.get(0).state()));
  }

  @Test
  void eachTermOfEachWorkerRemembersItsOwn() {
    List<Shard> shards = deal(31, 2, 0, 7);

    assertThat(States.tensors(shards.get(0).state()).keySet())
        .containsExactly("0/state.bank", "1/state.bank");
    Tensor bank = shards.get(0).state().part("0").tensor("state.bank");
    assertThat(bank.shape()).containsExactly(shards.get(0).samples(), 5);
    assertThat(bank.data())
        .isNotEqualTo(shards.get(0).state().part("1").tensor("state.bank").data());
    assertThat(bank.data())
        .isNotEqualTo(shards.get(1).state().part("0").tensor("state.bank").data());
  }

  @Test
  void headsOfEachTermHaveValuesOfTheirOwn() {
    HeadLayout heads = layout(LOSS).heads();
    var tensors = heads.tensors(heads.initial(3));

    assertThat(heads.size()).isEqualTo(12);
    assertThat(LossParameters.columns(heads.size(), 5)).isEqualTo(3);
    assertThat(LossParameters.columns(heads.size(), 12)).isEqualTo(1);
    assertThat(LossParameters.columns(heads.size(), 500)).isEqualTo(1);
    assertThat(tensors.keySet()).containsExactly("weight.gain/0", "weight.gain/1");
    assertThat(tensors.get("weight.gain/0").shape()).containsExactly(3, 2);
    assertThat(tensors.get("weight.gain/0")).isNotEqualTo(tensors.get("weight.gain/1"));
    assertThat(heads.initial(3)).isEqualTo(heads.initial(3)).isNotEqualTo(heads.initial(4));
  }

  @Test
  void refusesALossThatNeedsWhatNobodyGives() {
    Objective greedy =
        new Objective() {
          private static final long serialVersionUID = 1L;

          @Override
          public Requirements requires() {
            return Requirements.of("student.logits", "state.bank", "index.samples");
          }

          @Override
          public double evaluate(Batch batch, Gradients gradients) {
            return 0;
          }
        };

    assertThatThrownBy(() -> layout(greedy))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining("index.samples, state.bank");
  }

  @Test
  void memoryOfAnotherStepIsNotTrainedOn() {
    Shard shard = deal(20, 2, 1, 7).get(1);
    shard.begin(1);
    shard.begin(2);

    assertThatThrownBy(() -> shard.begin(2))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_AGAIN))
        .hasMessageContainingAll("worker 3", "step 2", "start again");
    assertThatThrownBy(() -> deal(20, 2, 1, 7).get(1).begin(9)).hasMessageContaining("step 9");
  }

  @Test
  void aShardThatRemembersNothingMayRepeatAStep() {
    Shard shard = new Shard(0, new int[] {0}, new int[] {0}, new State());

    shard.begin(5);

    assertThatCode(() -> shard.begin(5)).doesNotThrowAnyException();
  }
}
