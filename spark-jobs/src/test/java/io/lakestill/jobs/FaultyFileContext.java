package io.lakestill.jobs;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.DelegateToFileSystem;
import org.apache.hadoop.fs.Path;

/** {@link FaultyFileSystem} as Hadoop's FileContext sees it; it renames over a file, as HDFS. */
final class FaultyFileContext extends DelegateToFileSystem {
  FaultyFileContext(URI root, Configuration configuration) throws IOException, URISyntaxException {
    super(root, new FaultyFileSystem(), configuration, FaultyFileSystem.SCHEME, false);
  }

  @Override
  public void renameInternal(Path from, Path to, boolean overwrite) throws IOException {
    if (!fsImpl.rename(from, to)) {
      throw new IOException("Cannot rename '" + from + "' to '" + to + "'");
    }
  }
}
