package io.lakestill.jobs;

import org.apache.spark.sql.SparkSession;

/** One Spark session with two cores for all tests of this module. */
final class LocalSession {
  private LocalSession() {}

  static SparkSession open() {
    return SparkSession.builder()
        .master("local[2]")
        .appName("lakestill-tests")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate();
  }
}
