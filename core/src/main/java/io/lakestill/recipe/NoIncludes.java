package io.lakestill.recipe;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import java.io.File;
import java.net.URL;

/**
 * Refuses HOCON's {@code include}, which would drop a file that is missing without a word, look on
 * the class path, and fetch from the network. The recipe that is stored and hashed is all there is.
 */
final class NoIncludes
    implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
  @Override
  public ConfigIncluder withFallback(ConfigIncluder fallback) {
    return this; // The library's own includer is the fallback.
  }

  @Override
  public ConfigObject include(ConfigIncludeContext context, String what) {
    throw refused("\"" + what + "\"");
  }

  @Override
  public ConfigObject includeFile(ConfigIncludeContext context, File what) {
    throw refused("file(\"" + what + "\")");
  }

  @Override
  public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
    throw refused("url(\"" + what + "\")");
  }

  @Override
  public ConfigObject includeResources(ConfigIncludeContext context, String what) {
    throw refused("classpath(\"" + what + "\")");
  }

  private static ConfigException refused(String what) {
    return new ConfigException.Generic(
        "include "
            + what
            + " is refused: a recipe file pulls in no other; write the lines into it, or give the"
            + " other file by a second --recipe");
  }
}
