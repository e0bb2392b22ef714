package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.utils.Engine$;
import com.intel.analytics.bigdl.mkl.MKL;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Map;
import java.util.Optional;

/** BigDL on this machine, and the native library of matrix products that it carries. */
public final class MklLibrary {
  private MklLibrary() {}

  /** Why the native library cannot be loaded; empty when it is. */
  public static Optional<String> fault() {
    try {
      return MKL.isMKLLoaded() ? Optional.empty() : Optional.of("BigDL's MKL: it is not loaded");
    } catch (LinkageError | RuntimeException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      return Optional.of("BigDL's MKL: " + cause.getMessage());
    }
  }

  /** The files they come from, by what is in them: BigDL's own version says another number. */
  public static Map<String, String> versions() {
    return Map.of("bigdl", origin(Engine$.class), "mkl", origin(MKL.class));
  }

  private static String origin(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    if (source == null || source.getLocation() == null) {
      return "unknown";
    }
    return Path.of(source.getLocation().getPath()).getFileName().toString().replace(".jar", "");
  }
}
