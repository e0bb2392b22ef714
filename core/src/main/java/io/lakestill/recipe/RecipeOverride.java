package io.lakestill.recipe;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigOriginFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One {@code KEY=VALUE} of {@code --set}. The value is HOCON when it is a number, {@code true},
 * {@code false}, {@code null}, a quoted string, a list, an object, or has a substitution. Anything
 * else is a text, exactly as typed but for the white space around it: HOCON would cut {@code
 * /lake//train} at what it takes for a comment.
 */
record RecipeOverride(String key, String text) {
  private static final Pattern QUOTED =
      Pattern.compile("\"\"\".*\"\"\"|\"(?:[^\"\\\\]++|\\\\.)*+\"", Pattern.DOTALL);

  /** Empty, with a problem, when it is not {@code key=value}. */
  static Optional<RecipeOverride> read(String option, Problems problems) {
    int equals = option.indexOf('=');
    if (equals < 1) {
      problems.add(new Problem("--set " + option, "--set", "must be key=value"));
      return Optional.empty();
    }
    return Optional.of(
        new RecipeOverride(
            option.substring(0, equals).trim(), option.substring(equals + 1).trim()));
  }

  /** The key alone; empty, with a problem, when the value can be neither HOCON nor a text. */
  Config config(Problems problems) {
    Optional<ConfigValue> parsed = parsed();
    if (parsed.isEmpty() && text.contains("${")) {
      problems.add(
          new Problem(
              origin(),
              key,
              "has a substitution, but is not HOCON as a whole; put the text beside ${...} in"
                  + " quotes, or all of it if no substitution is meant"));
      return ConfigFactory.empty();
    }
    ConfigValue value =
        parsed.filter(this::isMeant).orElseGet(() -> ConfigValueFactory.fromAnyRef(text));
    return ConfigFactory.empty()
        .withValue(key, value.withOrigin(ConfigOriginFactory.newSimple(origin())));
  }

  private String origin() {
    return "--set " + key;
  }

  /**
   * The text as one HOCON value. As the only element of a list it cannot be less than the whole
   * text: a comment would hide the bracket, a comma would make it two.
   */
  private Optional<ConfigValue> parsed() {
    ConfigParseOptions options =
        ConfigParseOptions.defaults()
            .setSyntax(ConfigSyntax.CONF)
            .setOriginDescription(origin())
            .setIncluder(new NoIncludes());
    try {
      Config list = ConfigFactory.parseString("value = [" + text + "]", options);
      ConfigList values = (ConfigList) list.root().get("value");
      return values.size() == 1 ? Optional.of(values.get(0)) : Optional.empty();
    } catch (ConfigException.Parse | ConfigException.WrongType e) {
      return Optional.empty();
    }
  }

  private boolean isMeant(ConfigValue value) {
    if (isOneContainer() || QUOTED.matcher(text).matches()) {
      return true;
    }
    try {
      return switch (value.valueType()) {
        case NUMBER -> value.atKey("number").getString("number").equals(text);
        case BOOLEAN, NULL -> value.render().equals(text);
        case STRING, LIST, OBJECT -> false;
      };
    } catch (ConfigException.NotResolved e) {
      return true; // A substitution.
    }
  }

  /**
   * Whether the bracket that opens the text is closed by the last one. The parser drops the {@code
   * /b} of {@code [a]/b} without a word.
   */
  private boolean isOneContainer() {
    if (!text.startsWith("[") && !text.startsWith("{")) {
      return false;
    }
    int depth = 0;
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"') {
        quoted = !quoted;
      } else if (quoted) {
        i += c == '\\' ? 1 : 0; // What is escaped ends nothing.
      } else if (c == '[' || c == '{') {
        depth++;
      } else if ((c == ']' || c == '}') && --depth == 0) {
        return i == text.length() - 1;
      }
    }
    return false;
  }
}
