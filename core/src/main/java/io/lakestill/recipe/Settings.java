package io.lakestill.recipe;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import io.lakestill.io.CloseNames;
import io.lakestill.io.EnumText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * One section of a recipe, read key by key. Every fault (missing key, wrong type, unknown key,
 * refused value) goes to {@link Problems} with the line it comes from, and reading goes on with a
 * placeholder; {@link #build} makes the record only when the section was sound.
 */
public final class Settings {
  private final ConfigObject values;
  private final String path;
  private final ConfigObject defaults;
  private final Problems problems;
  private final int problemsBefore;
  private final Set<String> read = new HashSet<>();

  /**
   * @param values the section as the person wrote it
   * @param path its key in the recipe, empty for the root
   * @param defaults the {@code defaults} section of {@code reference.conf}
   * @param problems where faults go
   */
  public Settings(ConfigObject values, String path, ConfigObject defaults, Problems problems) {
    this.values = values;
    this.path = path;
    this.defaults = defaults;
    this.problems = problems;
    this.problemsBefore = problems.count();
  }

  /**
   * This section with the defaults of its kind, such as {@code train} or {@code objective.kd-kl},
   * filled in; the same section when {@code reference.conf} has none for that kind.
   */
  public Settings withDefaults(String kind) {
    Config root = defaults.toConfig();
    if (!root.hasPath(quoted(kind))) {
      return this;
    }
    ConfigObject merged = open(values).withFallback(root.getObject(quoted(kind)));
    return new Settings(merged, path, defaults, problems);
  }

  /** A copy that takes defaults: a section laid over a number, as schedules are, takes no more. */
  private static ConfigObject open(ConfigObject section) {
    ConfigObject copy = ConfigFactory.empty().root().withOrigin(section.origin());
    for (Map.Entry<String, ConfigValue> entry : section.entrySet()) {
      copy = copy.withValue(entry.getKey(), entry.getValue());
    }
    return copy;
  }

  private static String quoted(String kind) {
    return Arrays.stream(kind.split("\\.", -1))
        .map(ConfigUtil::quoteString)
        .collect(Collectors.joining("."));
  }

  public String path() {
    return path;
  }

  /** True when the key is there and not null. */
  public boolean has(String key) {
    ConfigValue value = values.get(key);
    read.add(key);
    return value != null && value.valueType() != ConfigValueType.NULL;
  }

  /** A text of at least one character. */
  public String text(String key) {
    Optional<ConfigValue> value = required(key);
    if (value.isPresent() && value.get().unwrapped().equals("")) {
      problem(key, "must not be empty");
    }
    return value.map(v -> asText(key, v)).orElse("");
  }

  public Optional<String> optionalText(String key) {
    return has(key) ? Optional.of(text(key)) : Optional.empty();
  }

  public double number(String key) {
    return required(key).map(value -> asNumber(key, value)).orElse(0.0);
  }

  public int integer(String key) {
    return asInteger(key, required(key).map(value -> asNumber(key, value)).orElse(0.0));
  }

  public long seed(String key) {
    return (long) whole(key, required(key).map(value -> asNumber(key, value)).orElse(0.0));
  }

  public boolean flag(String key) {
    return required(key)
        .map(
            value -> {
              if (value.unwrapped() instanceof Boolean flag) {
                return flag;
              }
              problem(key, "must be true or false, is " + shown(value));
              return false;
            })
        .orElse(false);
  }

  /** One of the constants of an enum, written in lower case with dashes. */
  public <E extends Enum<E>> E choice(String key, Class<E> type) {
    String text = text(key);
    Optional<E> constant = EnumText.find(type, text);
    if (constant.isEmpty() && !text.isEmpty()) {
      problem(key, "must be one of " + EnumText.all(type) + ", is '" + text + "'");
    }
    return constant.orElse(type.getEnumConstants()[0]);
  }

  /** A list of texts; a single value counts as a list of one. */
  public List<String> texts(String key) {
    return elements(key).stream().map(value -> asText(key, value)).toList();
  }

  /** A list of numbers; a single value counts as a list of one. */
  public List<Double> numbers(String key) {
    return elements(key).stream().map(value -> asNumber(key, value)).toList();
  }

  /** A list of whole numbers; a single value counts as a list of one. */
  public List<Integer> integers(String key) {
    return numbers(key).stream().map(number -> asInteger(key, number)).toList();
  }

  public Settings section(String key) {
    Optional<ConfigValue> value = required(key);
    if (value.isPresent() && value.get() instanceof ConfigObject object) {
      return new Settings(object, child(key), defaults, problems);
    }
    value.ifPresent(v -> problem(key, "must be a section { ... }, is " + shown(v)));
    return new Settings(ConfigFactory.empty().root(), child(key), defaults, problems);
  }

  public Optional<Settings> optionalSection(String key) {
    return has(key) ? Optional.of(section(key)) : Optional.empty();
  }

  /** A list of sections, such as objectives or layers. */
  public List<Settings> sections(String key) {
    List<Settings> sections = new ArrayList<>();
    int index = 0;
    for (ConfigValue value : elements(key)) {
      String name = child(key) + "[" + index++ + "]";
      if (value instanceof ConfigObject object) {
        sections.add(new Settings(object, name, defaults, problems));
      } else {
        problems.add(
            new Problem(
                Origins.where(value.origin()),
                name,
                "must be a section { ... }, is " + shown(value)));
      }
    }
    return sections;
  }

  /** Whether the value of a key is a section. */
  public boolean isSection(String key) {
    return has(key) && values.get(key) instanceof ConfigObject;
  }

  /** Whether the value of a key is a text and not a number written as one. */
  public boolean isText(String key) {
    return has(key) && values.get(key).unwrapped() instanceof String text && parsed(text).isEmpty();
  }

  /** A section that has a {@code type}, or that alone. */
  public Settings typed(String key) {
    if (!isText(key)) {
      return section(key);
    }
    ConfigValue type = values.get(key);
    ConfigObject alone = ConfigFactory.empty().root().withOrigin(type.origin());
    return new Settings(alone.withValue("type", type), child(key), defaults, problems);
  }

  /** A number, or a section that says how it changes; see {@link Schedule}. */
  public Schedule schedule(String key) {
    if (isSection(key)) {
      return ScheduleReader.read(section(key));
    }
    return Schedule.of(required(key).map(value -> asNumber(key, value)).orElse(0.0));
  }

  /** The sections here that say how a number changes; to look at them is not to read them. */
  Map<String, Settings> schedules() {
    Map<String, Settings> found = new TreeMap<>();
    values.forEach(
        (key, value) -> {
          if (value instanceof ConfigObject section && section.containsKey("schedule")) {
            found.put(key, new Settings(section, child(key), defaults, problems));
          }
        });
    return found;
  }

  /** The keys of this section, in the order of their names. */
  public List<String> keys() {
    return values.keySet().stream().sorted().toList();
  }

  /** Says that the value of a key is refused, at the line of that key. */
  public void problem(String key, String message) {
    ConfigValue value = values.get(key);
    problems.add(
        new Problem(
            Origins.where(value == null ? values.origin() : value.origin()), child(key), message));
  }

  /** Says that the section as a whole is refused. */
  public void problem(String message) {
    problems.add(new Problem(Origins.where(values.origin()), path, message));
  }

  /** The same section for a check that comes later: its faults go to {@code others}. */
  public Settings reportingTo(Problems others) {
    return new Settings(values, path, defaults, others);
  }

  /**
   * Reports the keys nobody read, then makes the record if the section was sound; an {@link
   * IllegalArgumentException} of its constructor becomes a problem of this section.
   *
   * @return the record, or empty when anything was wrong
   */
  public <T> Optional<T> build(Supplier<T> maker) {
    refuseUnknownKeys();
    if (problems.count() > problemsBefore) {
      return Optional.empty();
    }
    try {
      return Optional.of(maker.get());
    } catch (IllegalArgumentException e) {
      problem(e.getMessage());
      return Optional.empty();
    }
  }

  private void refuseUnknownKeys() {
    for (String key : keys()) {
      if (!read.contains(key)) {
        String hint =
            closest(key)
                .map(known -> "; did you mean '" + known + "'?")
                .orElse("; keys here: " + known());
        problem(key, "unknown key" + hint);
      }
    }
  }

  private String known() {
    return read.stream().sorted().collect(Collectors.joining(", "));
  }

  private Optional<String> closest(String key) {
    return CloseNames.of(key, new TreeSet<>(read), 1).stream().findFirst();
  }

  private Optional<ConfigValue> required(String key) {
    if (has(key)) {
      return Optional.of(values.get(key));
    }
    problem(key, "is missing");
    return Optional.empty();
  }

  private List<ConfigValue> elements(String key) {
    return required(key)
        .map(value -> value instanceof ConfigList list ? List.copyOf(list) : List.of(value))
        .orElse(List.of());
  }

  private String asText(String key, ConfigValue value) {
    if (value.valueType() == ConfigValueType.OBJECT || value.valueType() == ConfigValueType.LIST) {
      problem(key, "must be a text, is " + shown(value));
      return "";
    }
    return String.valueOf(value.unwrapped());
  }

  private double asNumber(String key, ConfigValue value) {
    Object raw = value.unwrapped();
    OptionalDouble number =
        raw instanceof Number n ? OptionalDouble.of(n.doubleValue()) : parsed(String.valueOf(raw));
    if (number.isPresent() && Double.isFinite(number.getAsDouble())) {
      return number.getAsDouble();
    }
    problem(key, "must be a number, is " + shown(value));
    return 0.0;
  }

  private static OptionalDouble parsed(String text) {
    try {
      return OptionalDouble.of(Double.parseDouble(text));
    } catch (NumberFormatException e) {
      return OptionalDouble.empty();
    }
  }

  private int asInteger(String key, double number) {
    double whole = whole(key, number);
    if (Math.abs(whole) > Integer.MAX_VALUE) {
      problem(key, "must lie within 2^31, is " + number);
      return 0;
    }
    return (int) whole;
  }

  private double whole(String key, double number) {
    if (number != Math.rint(number) || Math.abs(number) > 1L << 53) {
      problem(key, "must be a whole number, is " + number);
      return 0.0;
    }
    return number;
  }

  private String child(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  private static String shown(ConfigValue value) {
    return switch (value.valueType()) {
      case OBJECT -> "a section";
      case LIST -> "a list";
      default -> "'" + value.unwrapped() + "'";
    };
  }
}
