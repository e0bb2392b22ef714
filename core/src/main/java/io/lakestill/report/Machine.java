package io.lakestill.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The machine that measured the rows per second; a speed means nothing without it.
 *
 * @param processor the processor's name
 * @param cores the cores this JVM may use
 * @param java the Java version
 */
public record Machine(String processor, int cores, String java) {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  /** The machine this runs on; its processor is named by the architecture when Linux is silent. */
  public static Machine here() {
    return new Machine(
        processorName(), Runtime.getRuntime().availableProcessors(), Runtime.version().toString());
  }

  private static String processorName() {
    String architecture = System.getProperty("os.arch");
    try (Stream<String> lines = Files.lines(CPU_INFO, StandardCharsets.UTF_8)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).trim())
          .findFirst()
          .orElse(architecture);
    } catch (IOException e) {
      // Not Linux: its architecture is all Java knows of the processor.
      return architecture;
    }
  }

  ObjectNode toJson() {
    return Json.object().put("processor", processor).put("cores", cores).put("java", java);
  }

  static Machine fromJson(JsonFields fields) {
    return new Machine(fields.text("processor"), fields.integer("cores"), fields.text("java"));
  }
}
