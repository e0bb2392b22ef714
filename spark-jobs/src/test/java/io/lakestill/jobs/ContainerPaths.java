package io.lakestill.jobs;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Where the folders of a container lie on this machine. A container sees them under its own names,
 * a process does not, so text that it reads is rewritten.
 *
 * @param folders by their names in the container
 */
record ContainerPaths(Map<String, Path> folders) {

  ContainerPaths {
    folders = Map.copyOf(folders);
  }

  /** A text with the paths of this machine; the longest name counts. */
  String rewritten(String text) {
    String names =
        folders.keySet().stream()
            .sorted(Comparator.comparingInt(String::length).reversed())
            .map(Pattern::quote)
            .collect(Collectors.joining("|"));
    return Pattern.compile("(?<![\\w.-])(" + names + ")(?![\\w.-])")
        .matcher(text)
        .replaceAll(found -> Matcher.quoteReplacement(folders.get(found.group(1)).toString()));
  }

  Path of(String path) {
    return Path.of(rewritten(path));
  }
}
