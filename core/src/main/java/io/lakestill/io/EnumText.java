package io.lakestill.io;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Enum constants as recipes, manifests and folders write them: lower case, with dashes. */
public final class EnumText {
  private EnumText() {}

  public static String of(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The constant that is written so, or empty. */
  public static <E extends Enum<E>> Optional<E> find(Class<E> type, String text) {
    return Arrays.stream(type.getEnumConstants())
        .filter(constant -> of(constant).equals(text))
        .findFirst();
  }

  /** Every constant, for a message: {@code teacher, student, scratch}. */
  public static String all(Class<? extends Enum<?>> type) {
    return Arrays.stream(type.getEnumConstants())
        .map(EnumText::of)
        .collect(Collectors.joining(", "));
  }
}
