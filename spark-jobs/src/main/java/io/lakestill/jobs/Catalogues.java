package io.lakestill.jobs;

import io.lakestill.export.Catalogue;
import java.io.IOException;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** Opens catalogues by what a person calls them. */
final class Catalogues {
  private Catalogues() {}

  /**
   * The catalogue with its file system spelled out.
   *
   * @throws io.lakestill.error.LakestillException (exit 2) when it is no path or its file system is
   *     not known, (exit 75) when that does not answer
   */
  static Catalogue open(String folder, SparkSession spark) {
    String unusable = "Catalogue '%s' cannot be used".formatted(folder);
    var configuration = spark.sessionState().newHadoopConf();
    try {
      Path path = new Path(folder);
      return new Catalogue(path.getFileSystem(configuration).makeQualified(path), configuration);
    } catch (IOException e) {
      throw StorageFaults.worded(unusable, e);
    } catch (RuntimeException e) {
      throw StorageFaults.worded(unusable, e);
    }
  }
}
