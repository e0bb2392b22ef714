package io.lakestill.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** Which Lakestill this is; written into every manifest. */
public final class Build {
  private static final String RESOURCE = "/io/lakestill/build.properties";

  private Build() {}

  /** The version of the pom, such as {@code 0.1.0}. */
  public static String version() {
    Properties properties = new Properties();
    try (InputStream in = Build.class.getResourceAsStream(RESOURCE)) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + RESOURCE, e);
    }
    return properties.getProperty("version");
  }
}
