package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.bigdl.JobNames;
import io.lakestill.io.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/** The stages of one command: what each did and how long it took. */
final class StageLog {
  private final Console console;
  private final List<Entry> entries = new ArrayList<>();

  /** What a stage did. */
  enum Outcome {
    DONE("done"),
    ALREADY_DONE("already done"),
    FAILED("failed");

    private final String written;

    Outcome(String written) {
      this.written = written;
    }
  }

  /** One stage that ended. */
  record Entry(String stage, double seconds, Outcome outcome) {}

  /** What a stage gives: its result, and whether it had to work for it. */
  record Result<T>(T value, Outcome outcome) {
    static <T> Result<T> done(T value) {
      return new Result<>(value, Outcome.DONE);
    }

    static <T> Result<T> alreadyDone(T value) {
      return new Result<>(value, Outcome.ALREADY_DONE);
    }
  }

  /** The work of a stage. */
  interface Work<T> {
    Result<T> run();
  }

  StageLog(Console console) {
    this.console = console;
  }

  /** Runs a stage, says so on the console and keeps its time, also when it fails. */
  <T> T stage(String stage, Work<T> work) {
    console.line("▸ " + stage);
    SparkSession.getActiveSession().foreach(spark -> named(spark, stage));
    long start = System.nanoTime();
    Outcome outcome = Outcome.FAILED;
    try {
      Result<T> result = work.run();
      outcome = result.outcome();
      return result.value();
    } finally {
      Duration spent = Duration.ofNanos(System.nanoTime() - start);
      entries.add(new Entry(stage, spent.toMillis() / 1000.0, outcome));
      console.line("  " + outcome.written + " in " + Console.shown(spent));
    }
  }

  private static Object named(SparkSession spark, String stage) {
    new JobNames(spark.sparkContext()).stage(stage);
    return stage;
  }

  /** The stages that worked, for the scorecard. */
  List<Entry> worked() {
    return entries.stream().filter(entry -> entry.outcome() == Outcome.DONE).toList();
  }

  /** Every stage, for the summary. */
  ArrayNode toJson() {
    ArrayNode json = Json.object().arrayNode();
    for (Entry entry : entries) {
      ObjectNode stage = json.addObject();
      stage.put("stage", entry.stage());
      stage.put("seconds", entry.seconds());
      stage.put("outcome", entry.outcome().written);
    }
    return json;
  }
}
