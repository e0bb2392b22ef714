package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.objective.Requirements;
import io.lakestill.train.RowLayout.Slot;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SparseSlotTest {
  @Test
  void takesTheRoomOfPlacesAndValuesAndOneNumberMore() {
    RowLayout layout =
        RowLayout.targets(
            Requirements.of("teacher.embedding", "teacher.logits"),
            Map.of("logits", List.of(1000), "embedding", List.of(16)),
            Map.of("logits", 8));

    assertThat(layout.slots())
        .containsExactly(
            new Slot("labels", List.of(), 0),
            new Slot("teacher.embedding", List.of(16), 1),
            new Slot("teacher.logits", List.of(1000), 17, 8));
    assertThat(layout.width()).isEqualTo(1 + 16 + 17);
  }

  @Test
  void fewValuesAreCarriedAsTheyAre() {
    Slot slot = new Slot("teacher.logits", List.of(10), 0, 8);

    assertThat(slot.sparse()).isFalse();
    assertThat(slot.floats()).isEqualTo(10);
  }

  @Test
  void unpacksToEveryPlaceExactly() {
    int classes = 1 << 24;
    Slot slot = new Slot("teacher.logits", List.of(classes), 0, 3);
    int[] places = {classes - 1, 8_388_609, 0};
    float[] flat = new float[9];
    float[] all = new float[classes + 1];

    slot.pack(places, new float[] {3, 2, 1, 9}, -4.5f, flat, 1);
    slot.unpack(flat, 1, all, 1);

    assertThat(flat[0]).isZero();
    assertThat(flat[8]).isZero();
    assertThat(all[classes]).isEqualTo(3);
    assertThat(all[8_388_610]).isEqualTo(2);
    assertThat(all[1]).isEqualTo(1);
    assertThat(all[0]).isZero();
    float[] others = Arrays.copyOfRange(all, 2, 8_388_610);
    for (float other : others) {
      if (other != -4.5f) {
        throw new AssertionError("a value of no place is " + other);
      }
    }
  }

  @Test
  void refusesPlacesThatAFloatCannotCount() {
    assertThatThrownBy(() -> new Slot("teacher.logits", List.of((1 << 24) + 1), 0, 3))
        .hasMessage("'teacher.logits' has [16777217] values, of which a float can count 16777216");
    assertThatThrownBy(() -> new Slot("teacher.logits", List.of(4), 0, 5))
        .hasMessage("'teacher.logits' cannot keep 5 of [4] values");
  }
}
