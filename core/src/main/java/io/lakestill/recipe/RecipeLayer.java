package io.lakestill.recipe;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One file of a recipe; the files named later on a command line are laid over those before.
 *
 * @param name what to call it in messages
 * @param folder what {@code ${lakestill.recipe-folder}} stands for in it
 * @param text in HOCON
 */
public record RecipeLayer(String name, String folder, String text) {
  /** What HOCON does not look into, or the reference to the folder. */
  private static final Pattern TOKEN =
      Pattern.compile(
          "\"\"\".*?\"\"\"+|\"(?:[^\"\\\\\\n]++|\\\\.)*+\"|(?:#|//)[^\\n]*"
              + "|\\$\\{(\\??)\\s*lakestill\\s*\\.\\s*recipe-folder\\s*}",
          Pattern.DOTALL);

  /** The same text, in which the folder is called {@code key}: each file means its own. */
  String textWithFolder(String key) {
    return TOKEN
        .matcher(text)
        .replaceAll(
            found ->
                Matcher.quoteReplacement(
                    found.group().startsWith("$")
                        ? "${" + found.group(1) + key + "}"
                        : found.group()));
  }
}
