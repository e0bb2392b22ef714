package io.lakestill.bigdl;

import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;

/** One Spark context with two cores for all tests of this package. */
final class LocalSpark {
  private LocalSpark() {}

  static JavaSparkContext context() {
    SparkConf configuration =
        new SparkConf()
            .setMaster("local[2]")
            .setAppName("lakestill-tests")
            .set("spark.ui.enabled", "false")
            .set("spark.driver.maxResultSize", "1m")
            .set("spark.driver.host", "127.0.0.1")
            .set("spark.driver.bindAddress", "127.0.0.1");
    return JavaSparkContext.fromSparkContext(SparkContext.getOrCreate(configuration));
  }

  /** BigDL's engine, started on that context. */
  static ClusterShape cluster() {
    context();
    return ClusterShape.ofRunningSpark();
  }
}
