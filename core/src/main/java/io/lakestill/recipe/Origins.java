package io.lakestill.recipe;

import com.typesafe.config.ConfigOrigin;
import java.util.Arrays;

/** Where in a recipe a value comes from, as messages show it. */
public final class Origins {
  /** What the origins of the defaults are called, so that no recipe's file is taken for them. */
  static final String DEFAULTS = "reference.conf of Lakestill";

  /** Descriptions are joined by a comma, which a file's name may hold, too, but each has a line. */
  private static final String BETWEEN_PARTS = "(?<=: \\d{1,9}),|(?<=: \\d{1,9}-\\d{1,9}),";

  private Origins() {}

  /**
   * The file and line, or the option, that a value comes from: {@code digits.conf:12}, {@code --set
   * train.epochs}. A section that was laid over others has the origin {@code merge of a: 3,b: 4};
   * the first that is not Lakestill's own is the one to show, since it was laid over the rest.
   */
  public static String where(ConfigOrigin origin) {
    String description = origin.description().replaceFirst("^merge of ", "");
    String own =
        Arrays.stream(parts(description))
            .filter(part -> !part.startsWith(DEFAULTS))
            .findFirst()
            .orElse("reference.conf");
    return own.startsWith("--set ")
        ? own.replaceFirst(": \\d+$", "")
        : own.replaceFirst(": (\\d+(-\\d+)?)$", ":$1");
  }

  /** An override is an option and has no line. */
  private static String[] parts(String description) {
    return description.split(BETWEEN_PARTS + "|(?<=^--set [^,]{1,200}),", -1);
  }
}
