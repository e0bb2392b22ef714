package io.lakestill.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class LabelSpaceTest {
  private final LabelSpace space = new LabelSpace(List.of("cat", "dog", "owl"));

  @Test
  void knowsIndicesAndNames() {
    assertThat(space.index(2)).hasValue(2);
    assertThat(space.index("dog")).hasValue(1);
    assertThat(space.index(3)).isEmpty();
    assertThat(space.index(-1)).isEmpty();
    assertThat(space.index("1")).isEmpty();
  }

  @Test
  void namesFiveOffendersAndWhatToDo() {
    assertThat(space.outside("label", 7, List.of("a=3", "b=4", "c=5", "d=6", "e=7", "f=8")))
        .isEqualTo(
            "column 'label' of 7 rows is not in the label space (0 to 2, or one of the names cat,"
                + " dog, owl), such as a=3, b=4, c=5, d=6, e=7; correct the labels, name all"
                + " classes in data.classes, or leave the rows out by a condition");
  }
}
