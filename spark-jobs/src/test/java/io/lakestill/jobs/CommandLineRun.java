package io.lakestill.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.io.Json;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * What a command line left: its exit code and what it printed.
 *
 * @param exit the exit code
 * @param out standard output
 * @param err standard error
 */
record CommandLineRun(int exit, String out, String err) {

  /** Runs it in this process; a command that opens Spark ends the session it finds. */
  static CommandLineRun of(String... args) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream stdout = new ByteArrayOutputStream();
    ByteArrayOutputStream stderr = new ByteArrayOutputStream();
    System.setOut(new PrintStream(stdout, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(stderr, true, StandardCharsets.UTF_8));
    try {
      int exit = Lakestill.execute(args);
      return new CommandLineRun(
          exit, stdout.toString(StandardCharsets.UTF_8), stderr.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  /** The JSON summary: the last line on standard output. */
  JsonNode summary() {
    String last = out.lines().reduce((before, line) -> line).orElse("");
    return Json.parse(last, "standard output");
  }
}
