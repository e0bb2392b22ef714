package io.lakestill.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class StoreSettingsTest {
  @Test
  void namesTheTableOfATeacher() {
    StoreSettings store =
        new StoreSettings(TableFormat.ICEBERG, Optional.of("lake.distil.{teacher}_v2"));

    assertThat(store.table("big-net.1")).hasValue("lake.distil.big_net_1_v2");
    assertThat(new StoreSettings(TableFormat.PARQUET, Optional.empty()).table("big-net")).isEmpty();
  }

  @Test
  void onlyOtherFormatsHaveATable() {
    assertThatThrownBy(() -> new StoreSettings(TableFormat.PARQUET, Optional.of("a.b")))
        .hasMessage(
            "table names a table of another format; give format = iceberg or delta, or remove it");
    assertThatThrownBy(() -> new StoreSettings(TableFormat.DELTA, Optional.empty()))
        .hasMessage(
            "format = delta needs the name of a table, such as table = \"lake.distil.{teacher}\"");
  }
}
