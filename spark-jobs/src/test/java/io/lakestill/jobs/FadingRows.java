package io.lakestill.jobs;

import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;

/** A condition that is met by fewer rows in every pass, as if somebody kept deleting some. */
final class FadingRows {
  private static final AtomicInteger ASKED = new AtomicInteger();

  private FadingRows() {}

  /**
   * The condition in SQL; from here on it is met by all rows, then by all but five, and so on.
   *
   * @param rows how many there are in one pass
   */
  static String condition(SparkSession spark, int rows) {
    ASKED.set(0);
    spark
        .udf()
        .register(
            "still_there",
            (UDF1<String, Boolean>)
                id -> {
                  int asked = ASKED.getAndIncrement();
                  return asked % rows >= 5 * (asked / rows);
                },
            DataTypes.BooleanType);
    return "still_there(sample_id)";
  }
}
