package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The memory of this process at its fullest: what is alive on its heap, now and whenever somebody
 * looks, and what it ever had of the machine. Looking collects all garbage, so it is for pauses.
 */
final class MemoryPeak {
  private static final Path STATUS = Path.of("/proc/self/status");

  private final long idle = alive();
  private long most = idle;

  /** Looks at the heap. */
  void look() {
    most = Math.max(most, alive());
  }

  private static long alive() {
    Runtime runtime = Runtime.getRuntime();
    runtime.gc();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  /** Adds what was measured, and what a training was estimated to take. */
  void into(ObjectNode summary, TrainingMemory estimated) {
    summary
        .put("peak_memory_bytes", resident())
        .put("idle_heap_bytes", idle)
        .put("peak_heap_bytes", most)
        .put("heap_limit_bytes", Runtime.getRuntime().maxMemory())
        .put("estimated_heap_bytes", estimated.heap())
        .put("estimated_outside_bytes", estimated.outside());
  }

  /** What this process held at most, native buffers included; the heap's limit where unknown. */
  private static long resident() {
    if (!Files.exists(STATUS)) {
      return Runtime.getRuntime().maxMemory();
    }
    try (var lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
          .findFirst()
          .orElse(Runtime.getRuntime().maxMemory());
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + STATUS, e);
    }
  }
}
