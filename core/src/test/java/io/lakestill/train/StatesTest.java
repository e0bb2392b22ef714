package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.State;
import io.lakestill.objective.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class StatesTest {
  private static State sample() {
    State state = new State();
    state.put("state.z", new Tensor(new int[] {1}, new float[] {-0f}));
    state
        .part("3")
        .part("0")
        .put("state.bank", new Tensor(new int[] {2, 2}, new float[] {1, 2, 3, 4, 99}));
    state.part("3").part("1");
    return state;
  }

  @Test
  void comesBackFromItsFile() {
    State back = States.fromSafeTensors(States.toSafeTensors(sample()), "m");

    assertThat(States.tensors(back)).isEqualTo(States.tensors(sample()));
    assertThat(States.tensors(back).keySet()).containsExactly("state.z", "3/0/state.bank");
    Tensor bank = back.part("3").part("0").tensor("state.bank");
    assertThat(bank.shape()).containsExactly(2, 2);
    assertThat(bank.data()).containsExactly(1, 2, 3, 4);
  }

  @Test
  void saysWhetherThereIsAnything() {
    State empty = new State();
    empty.part("0").part("1");

    assertThat(States.hasTensors(empty)).isFalse();
    assertThat(States.hasTensors(sample())).isTrue();
  }

  @Test
  void fillsAStateOfTheSameNamesOnly() {
    State to = sample();
    State from = sample();
    from.part("3").part("0").put("state.bank", new Tensor(new int[] {1, 1}, new float[] {7}));
    States.fill(to, from);
    assertThat(to.part("3").part("0").tensor("state.bank").data()).containsExactly(7);

    assertThatThrownBy(() -> States.fill(sample(), new State()))
        .hasMessageContaining("does not fit")
        .hasMessageContaining("3/0/state.bank");
  }

  @Test
  void refusesADamagedFile() {
    byte[] file = States.toSafeTensors(sample());

    assertThatThrownBy(() -> States.fromSafeTensors(Arrays.copyOf(file, file.length - 3), "m.file"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining("m.file");
  }

  @Test
  void refusesANameWithASlash() {
    State state = new State().put("a/b", new Tensor(new int[] {1}, new float[] {1}));

    assertThatThrownBy(() -> States.tensors(state)).hasMessageContaining("'a/b'");
  }
}
