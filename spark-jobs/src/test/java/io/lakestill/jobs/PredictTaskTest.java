package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.data.FeaturePipeline;
import io.lakestill.student.Layer;
import io.lakestill.student.StudentGraph;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;
import org.junit.jupiter.api.Test;

class PredictTaskTest {
  private static final SparkSession SPARK = LocalSession.open();

  @Test
  void refusesARowOfWhichTheModelSaysSomethingNotFinite() {
    List<Row> rows =
        List.of(
            Pets.row("a", new float[] {1, 1, 1, 1, 1, 1}, 0L),
            Pets.row("huge", new float[] {1e38f, 1, 1, 1, 1, 1}, 0L),
            Pets.row("missing", null, 0L),
            Pets.row("b", new float[] {2, 1, 1, 1, 1, 1}, 0L));
    LongAccumulator progress = SPARK.sparkContext().longAccumulator();

    List<Row> scored = predicted(Pets.table(SPARK, rows), progress);

    assertThat(scored)
        .extracting(row -> row.getString(0))
        .containsExactly("a", "huge", "missing", "b");
    assertThat(scored)
        .extracting(row -> row.isNullAt(row.fieldIndex("prediction")))
        .containsExactly(false, true, true, false);
    for (int refused : new int[] {1, 2}) {
      Row row = scored.get(refused);
      for (String column : List.of("prediction", "prediction_index", "confidence", "logits")) {
        assertThat(row.isNullAt(row.fieldIndex(column))).as(column).isTrue();
      }
    }
    assertThat(scored.get(1).<String>getAs("problem"))
        .matches("the model's logits have value (NaN|-?Infinity) at 0");
    assertThat(scored.get(2).<String>getAs("problem")).isEqualTo("the features are missing");
    assertThat(scored.get(3).<String>getAs("problem")).isNull();
    assertThat(progress.value()).isEqualTo(4);
  }

  private static List<Row> predicted(Dataset<Row> table, LongAccumulator progress) {
    Contestant model =
        new Contestant(
            "oracle",
            Oracle.random(3).magnified().onnx(),
            Layer.INPUT,
            List.of(1L, 2L, 3L),
            StudentGraph.LOGITS,
            List.of(),
            new FeaturePipeline(Pets.recipe("unused").data().features(), List.of(), 0));
    Broadcast<Contestant> shared =
        JavaSparkContext.fromSparkContext(SPARK.sparkContext()).broadcast(model);
    Dataset<Row> rows = table.coalesce(1).select("sample_id", "pixels");
    return rows.mapPartitions(
            new PredictTask(shared, Pets.CLASSES, 3, progress),
            Encoders.row(PredictJob.schema(rows.drop("pixels").schema())))
        .collectAsList();
  }
}
