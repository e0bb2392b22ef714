package io.lakestill.report.page;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Headless Chromium, started anew for each page with a profile of its own and ended with all its
 * processes.
 *
 * @param program the executable
 * @param folder for profiles, output and logs
 */
record Browser(Path program, Path folder) {
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");
  private static final long SECONDS = 60;

  /** The first one on the path. */
  static Optional<Path> installed() {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
        .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** The document after its scripts have run, as HTML. */
  String document(Path page) throws IOException, InterruptedException {
    return Files.readString(
        run(page, "--virtual-time-budget=5000", "--dump-dom"), StandardCharsets.UTF_8);
  }

  Path screenshot(Path page, int width, int height, String... flags)
      throws IOException, InterruptedException {
    Path image = folder.resolve("page.png");
    List<String> all = new ArrayList<>(List.of(flags));
    all.add("--screenshot=" + image);
    all.add("--window-size=" + width + "," + height);
    run(page, all.toArray(String[]::new));
    return image;
  }

  private Path run(Path page, String... flags) throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, "browser", ".out");
    Path log = Files.createTempFile(folder, "browser", ".log");
    List<String> command =
        new ArrayList<>(
            List.of(
                program.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--user-data-dir=" + Files.createTempDirectory(folder, "profile")));
    command.addAll(List.of(flags));
    command.add(page.toUri().toString());
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectError(log.toFile())
            .start();
    Set<ProcessHandle> all = new HashSet<>(Set.of(process.toHandle()));
    try {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
      while (!process.waitFor(50, TimeUnit.MILLISECONDS) && System.nanoTime() < end) {
        process.descendants().forEach(all::add);
      }
      if (process.isAlive() || process.exitValue() != 0) {
        throw new AssertionError("The browser failed:\n" + Files.readString(log));
      }
      return output;
    } finally {
      // Some outlive their parent for a moment and would still write into the profile.
      all.forEach(ProcessHandle::destroyForcibly);
      for (ProcessHandle handle : all) {
        handle.onExit().completeOnTimeout(handle, 5, TimeUnit.SECONDS).join();
      }
    }
  }
}
