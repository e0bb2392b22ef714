package io.lakestill.jobs;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;

/**
 * Something that a test wants to go wrong in {@link FaultyFileSystem}.
 *
 * @param when what is being done
 * @param path to which files: a pattern that is found in their paths
 * @param effect what happens
 * @param millis for how long, of a pause
 * @param times how often in all processes together; 0 for always
 */
record StorageFault(Event when, String path, Effect effect, int millis, int times) {
  private static final String FAULTS = "fs.kdtest.faults";
  private static final String MARKS = "fs.kdtest.marks";
  private static final int LONGEST_MILLIS = 1_800_000;
  private static final String SEPARATOR = "\t";

  enum Event {
    CREATE,
    /** When the first kilobyte is there. */
    WRITE,
    CLOSE,
    RENAME,
    RENAMED
  }

  enum Effect {
    /** The process dies at once, as by kill -9. */
    HALT,
    NO_SPACE,
    FAIL,
    /** Of a rename: it answers false. */
    REFUSE,
    /** Goes on after a while, whoever interrupts, or when the test says so. */
    PAUSE
  }

  static StorageFault always(Event when, String path, Effect effect) {
    return new StorageFault(when, path, effect, 0, 0);
  }

  static StorageFault once(Event when, String path, Effect effect) {
    return new StorageFault(when, path, effect, 0, 1);
  }

  static StorageFault pauses(Event when, String path, int millis) {
    return new StorageFault(when, path, Effect.PAUSE, millis, 0);
  }

  static StorageFault pausesOnce(Event when, String path, int millis) {
    return new StorageFault(when, path, Effect.PAUSE, millis, 1);
  }

  /** Whoever comes there waits until the test opens it. */
  static StorageFault gate(Event when, String path) {
    return pauses(when, path, LONGEST_MILLIS);
  }

  /**
   * Lets go on who waits, and who comes later.
   *
   * @param gate its place among the faults
   */
  static void open(Path marks, int gate) throws IOException {
    Files.createFile(gate(marks, gate));
  }

  private static Path gate(Path marks, int gate) {
    return marks.resolve("open-" + gate);
  }

  /**
   * True when a fault has happened once at least.
   *
   * @param fault its place among the faults
   */
  static boolean hasHappened(Path marks, int fault) {
    return Files.exists(marks.resolve("fault-%d-0".formatted(fault)));
  }

  /**
   * The settings of a Spark session that knows the file system, with faults.
   *
   * @param marks an empty folder: which faults have happened
   */
  static List<String> settings(Path marks, List<StorageFault> faults) {
    String lines = faults.stream().map(StorageFault::line).collect(Collectors.joining("\n"));
    return List.of(
        "spark.hadoop.fs.kdtest.impl=" + FaultyFileSystem.class.getName(),
        "spark.hadoop.fs.kdtest.impl.disable.cache=true",
        "spark.hadoop.fs.AbstractFileSystem.kdtest.impl=" + FaultyFileContext.class.getName(),
        "spark.hadoop." + FAULTS + "=" + lines,
        "spark.hadoop." + MARKS + "=" + marks);
  }

  /** Makes the faults happen that are due. */
  static boolean refuses(Configuration configuration, Event event, String path) throws IOException {
    boolean refused = false;
    List<String> lines = configuration.get(FAULTS, "").lines().toList();
    Path marks = Path.of(configuration.get(MARKS, ""));
    for (int k = 0; k < lines.size(); k++) {
      StorageFault fault = ofLine(lines.get(k));
      if (fault.when == event
          && Pattern.compile(fault.path).matcher(path).find()
          && fault.isDue(marks, k)) {
        refused |= fault.happen(path, gate(marks, k));
      }
    }
    return refused;
  }

  private boolean isDue(Path marks, int index) throws IOException {
    for (int time = 0; time < Math.max(1, times); time++) {
      try {
        Files.createFile(marks.resolve("fault-%d-%d".formatted(index, time)));
        return true;
      } catch (FileAlreadyExistsException e) {
        continue;
      }
    }
    return times == 0;
  }

  private boolean happen(String path, Path gate) throws IOException {
    switch (effect) {
      case HALT -> Runtime.getRuntime().halt(137);
      case NO_SPACE -> throw new IOException("No space left on device");
      case FAIL -> throw new IOException("The disk of '" + path + "' does not answer");
      case PAUSE -> pause(gate);
      case REFUSE -> {
        return true;
      }
    }
    return false;
  }

  private void pause(Path gate) {
    long end = System.nanoTime() + 1_000_000L * millis;
    boolean interrupted = false;
    while (System.nanoTime() < end && !Files.exists(gate)) {
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private String line() {
    return String.join(SEPARATOR, "" + when, path, "" + effect, "" + millis, "" + times);
  }

  private static StorageFault ofLine(String line) {
    List<String> parts = Arrays.asList(line.split(SEPARATOR, -1));
    return new StorageFault(
        Event.valueOf(parts.get(0)),
        parts.get(1),
        Effect.valueOf(parts.get(2)),
        Integer.parseInt(parts.get(3)),
        Integer.parseInt(parts.get(4)));
  }
}
