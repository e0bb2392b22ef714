package io.lakestill.recipe;

/**
 * One thing wrong with a recipe.
 *
 * @param where the file and line it comes from, such as {@code quickstart.conf:12}
 * @param path the key, such as {@code train.batch}
 * @param message what is wrong and what to write instead
 */
public record Problem(String where, String path, String message) {
  @Override
  public String toString() {
    return where + ": " + path + ": " + message;
  }
}
