package io.lakestill.jobs;

import io.lakestill.io.Build;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
public final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {"lakestill " + Build.version()};
  }
}
