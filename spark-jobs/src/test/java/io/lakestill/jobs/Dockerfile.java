package io.lakestill.jobs;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * conf/kubernetes/Dockerfile, as far as it uses the language: what its stages copy, and where that
 * lies in the image.
 */
final class Dockerfile {
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{(\\w+)}");

  private final Path context;
  private final List<Instruction> instructions;
  private final Map<String, Map<String, Path>> stages = new LinkedHashMap<>();
  private final Map<String, String> arguments = new HashMap<>();
  private final List<Copied> copied = new ArrayList<>();

  /**
   * @param words after its name, with the values of arguments
   */
  record Instruction(String name, List<String> words) {
    boolean hasOption(String option) {
      return words.stream().anyMatch(word -> word.startsWith("--" + option + "="));
    }
  }

  /** A source of a copy from the context: its pattern, and what it names there. */
  record Copied(String pattern, List<Path> found) {}

  private Dockerfile(Path context, List<Instruction> instructions) {
    this.context = context;
    this.instructions = instructions;
  }

  static Dockerfile read(Path file, Path context) throws IOException {
    String text = Files.readString(file).replaceAll("(?m)^#.*\\R", "").replace("\\\n", " ");
    Dockerfile dockerfile = new Dockerfile(context, new ArrayList<>());
    for (String line : text.lines().filter(line -> !line.isBlank()).toList()) {
      List<String> words = List.of(dockerfile.substituted(line.strip()).split("\\s+", -1));
      dockerfile.follow(new Instruction(words.get(0), words.subList(1, words.size())));
    }
    return dockerfile;
  }

  List<Instruction> instructions() {
    return instructions;
  }

  /** Those of one name. */
  List<List<String>> all(String name) {
    return instructions.stream()
        .filter(it -> it.name().equals(name))
        .map(Instruction::words)
        .toList();
  }

  List<Copied> copied() {
    return copied;
  }

  /** Where every file of the last stage lies, and what of the context it is. */
  Map<String, Path> image() {
    return stages.values().stream().reduce((first, second) -> second).orElseThrow();
  }

  private String substituted(String line) {
    return VARIABLE
        .matcher(line)
        .replaceAll(
            found ->
                Matcher.quoteReplacement(
                    arguments.getOrDefault(found.group(1), found.group().replace('$', '%'))));
  }

  private void follow(Instruction instruction) throws IOException {
    instructions.add(instruction);
    List<String> words = instruction.words();
    switch (instruction.name()) {
      case "ARG" -> {
        String[] argument = words.get(0).split("=", 2);
        arguments.put(argument[0], argument[1]);
      }
      case "FROM" ->
          stages.put(words.size() == 3 ? words.get(2) : "stage " + stages.size(), new TreeMap<>());
      case "COPY" -> copy(instruction);
      default -> {
        // Makes no file that anybody names.
      }
    }
  }

  private void copy(Instruction copy) throws IOException {
    List<String> words = copy.words();
    String target = words.get(words.size() - 1);
    if (copy.hasOption("from")) {
      String from = words.get(0).substring("--from=".length());
      String source = words.get(1);
      stages
          .get(from)
          .forEach(
              (path, file) -> {
                if (path.startsWith(source + "/")) {
                  image().put(target + path.substring(source.length()), file);
                }
              });
      return;
    }
    for (String source : words.subList(0, words.size() - 1)) {
      List<Path> found = matching(source);
      copied.add(new Copied(source, found));
      for (Path file : found) {
        add(file, target);
      }
    }
  }

  private void add(Path file, String target) throws IOException {
    if (Files.isDirectory(file)) {
      try (Stream<Path> inner = Files.walk(file)) {
        inner
            .filter(Files::isRegularFile)
            .forEach(path -> image().put(target + "/" + file.relativize(path), path));
      }
    } else {
      image().put(target.endsWith("/") ? target + file.getFileName() : target, file);
    }
  }

  private List<Path> matching(String source) throws IOException {
    if (!source.contains("*")) {
      return Files.exists(context.resolve(source)) ? List.of(context.resolve(source)) : List.of();
    }
    PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + source);
    Path folder =
        context.resolve(source.substring(0, source.lastIndexOf('/', source.indexOf('*'))));
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> paths = Files.walk(folder)) {
      return paths.filter(path -> matcher.matches(context.relativize(path))).sorted().toList();
    }
  }
}
