package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Objective;
import io.lakestill.objective.golden.TrainableCase;
import io.lakestill.train.BatchLayout;
import io.lakestill.train.EpochPlan;
import io.lakestill.train.HeapRows;
import io.lakestill.train.PackedRow;
import io.lakestill.train.PackedRows;
import io.lakestill.train.RowLayout;
import io.lakestill.train.RowLayout.Slot;
import java.io.IOException;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Validation rows rarely fill a batch. Each objective that has a validation loss measures what is
 * left over, on one core and on two.
 */
class ValidationRowsTest {
  private static final int BATCH = 16;
  private static final int SAMPLES = 64;

  @BeforeAll
  static void startEngine() {
    LocalSpark.cluster();
  }

  static Stream<TrainableCase> measured() throws IOException, URISyntaxException {
    return TrainableCase.firstOfEach()
        .filter(trained -> !remembers(trained.objective()))
        .filter(trained -> trained.objective().classifiers().isEmpty()) // Of a student's layers.
        .filter(trained -> !trained.objective().equip(sizes(trained)).needsShard());
  }

  private static boolean remembers(Objective objective) {
    return objective.requires().inputs().stream().anyMatch(name -> name.startsWith("state."));
  }

  private static Dimensions sizes(TrainableCase trained) {
    Dimensions sizes = trained.dimensions();
    return new Dimensions(BATCH, SAMPLES, sizes.classes(), sizes.shapes());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("measured")
  void hasALossOverAnyNumberOfRows(TrainableCase trained) {
    for (int cores : new int[] {1, 2}) {
      for (int rows : new int[] {1, 17, 33}) {
        MeanResult mean = mean(trained, rows, cores);

        assertThat(mean.mean()).as("%d rows, %d cores", rows, cores).isFinite();
        assertThat((int) mean.weight()).as("%d rows, %d cores", rows, cores).isEqualTo(rows);
      }
    }
  }

  private static MeanResult mean(TrainableCase trained, int rows, int cores) {
    Objective objective = trained.objective();
    RowLayout outputs = layout("student.", trained.dimensions());
    RowLayout targets = layout("teacher.", trained.dimensions());
    int each = BATCH / cores;
    BatchLayout layout = BatchLayout.of(objective, outputs, targets, each, SAMPLES);
    LossInputs inputs = new LossInputs(layout, new EpochPlan(SAMPLES, BATCH, 1), 1, SAMPLES);
    Random random = new Random(rows);
    ValidationMeasure measure = ValidationMeasure.term(objective, inputs);
    PackedRows packed = packed(targets, rows, trained.dimensions().classes(), random);
    RowSource source = new RowSource(packed, packed, 1, 0);
    MeanResult mean = new MeanResult(0, 0);
    for (int first = 0; first < rows; first += each) {
      int count = Math.min(each, rows - first);
      CoreBatch batch = new CoreBatch(List.of(1), packed, count);
      source.fillValidation(batch, first);
      Activity output = output(count, layout.columns(count), random);
      mean = mean.plus(measure.measure(output, batch.target()));
    }
    return mean;
  }

  /** The label, or the logits, and then the inputs of the family by name. */
  private static RowLayout layout(String family, Dimensions dimensions) {
    List<Slot> slots = new ArrayList<>();
    slots.add(
        family.equals("teacher.")
            ? new Slot("labels", List.of(), 0)
            : new Slot("student.logits", List.of(dimensions.classes()), 0));
    for (String name : new TreeSet<>(dimensions.shapes().keySet())) {
      if (name.startsWith(family) && !name.equals("student.logits")) {
        Slot last = slots.get(slots.size() - 1);
        slots.add(new Slot(name, dimensions.shape(name), last.offset() + last.width()));
      }
    }
    return new RowLayout(slots);
  }

  private static PackedRows packed(RowLayout targets, int rows, int classes, Random random) {
    List<PackedRow> packed = new ArrayList<>();
    for (int number = 0; number < rows; number++) {
      float[] row = new float[targets.width()];
      for (int i = 0; i < row.length; i++) {
        row[i] = (float) random.nextGaussian();
      }
      row[0] = random.nextInt(classes);
      packed.add(new PackedRow(new float[1], row));
    }
    return HeapRows.of(packed);
  }

  private static Activity output(int rows, int columns, Random random) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Floats.tensor(values, rows, columns);
  }
}
