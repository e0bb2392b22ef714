package io.lakestill.jobs;

import org.apache.spark.sql.SparkSession;

/** Where Spark is started; everything about the cluster's shape is left to Spark's own settings. */
final class Sessions {
  private Sessions() {}

  /**
   * @param application what Spark's pages call it, such as {@code teach fashion-mnist}
   */
  static SparkSession open(String application) {
    return SparkSession.builder().appName("lakestill " + application).getOrCreate();
  }
}
