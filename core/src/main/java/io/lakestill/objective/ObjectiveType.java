package io.lakestill.objective;

import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Makes an objective from the options of a recipe.
 *
 * <p>Implementations have a public constructor without parameters and are named in {@code
 * META-INF/services/io.lakestill.objective.ObjectiveType}, so an objective in anyone's jar is found
 * exactly as the built-in ones are.
 */
public interface ObjectiveType {
  /** The {@code type} of a recipe's term, in lower case with dashes. */
  String name();

  /**
   * Reads the options and makes the objective; ends in {@link Settings#build}, which refuses
   * unknown keys and turns an {@link IllegalArgumentException} into a problem with its line.
   *
   * @param options the term's section with its defaults; what every term has ({@code type}, {@code
   *     weight}, {@code row-weight}, {@code where}, {@code student}, {@code teacher}, {@code
   *     project}) was read
   * @return empty when an option was refused
   */
  Optional<Objective> create(Settings options);

  /**
   * Why the objective is experimental: which of its equations or reductions are reconstructed, in
   * words that follow "experimental: ". Empty when its formula is the published one.
   */
  default Optional<String> experimental() {
    return Optional.empty();
  }
}
