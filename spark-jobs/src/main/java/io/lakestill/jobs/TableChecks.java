package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.ConfigRenderOptions;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Build;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.io.Sha256;
import io.lakestill.io.StoredFile;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.TableSettings;
import io.lakestill.signal.InputSnapshot;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/**
 * Whether the tables of a run are sound. Those that were found so are not read again while they
 * stay as they are: a file in the output remembers them, and how many examples they have.
 *
 * @param checked that file
 */
record TableChecks(SparkSession spark, Blueprint blueprint, StoredFile checked) {

  /**
   * Examples to train on.
   *
   * @param training without those held out
   * @param validation those held out, or of a table of their own
   */
  record Counts(long training, long validation) {}

  /**
   * What was found.
   *
   * @param state SHA-256 over the tables' files and how they are read
   * @param counts when there is a training
   */
  record Found(String state, Optional<Counts> counts) {
    private ObjectNode toJson() {
      ObjectNode json = Json.object().put("state", state);
      counts.ifPresent(
          rows -> json.put("training", rows.training()).put("validation", rows.validation()));
      return json;
    }

    private static Found fromJson(JsonFields fields) {
      return new Found(
          fields.text("state"),
          fields.has("training")
              ? Optional.of(new Counts(fields.whole("training"), fields.whole("validation")))
              : Optional.empty());
    }
  }

  /**
   * @return what to remember when nothing else is at fault; empty when there are none to check, or
   *     they are at fault
   */
  Optional<Found> check(Set<Stage> stages, Faults faults) {
    Set<Split> splits = splits(stages);
    List<OwnFeatures> shown =
        stages.contains(Stage.TEACH) ? OwnFeatures.of(blueprint.recipe()) : List.of();
    if (splits.isEmpty()) {
      return Optional.empty();
    }
    Optional<String> state = state(splits, shown);
    Optional<Found> known = known().filter(found -> state.equals(Optional.of(found.state())));
    if (known.isPresent()) {
      return known;
    }
    boolean sound = true;
    long[] counts = new long[Split.values().length];
    for (Split split : splits) {
      // A training asks for signals, never for what a teacher was shown.
      List<OwnFeatures> more = split == Split.TEST ? OwnFeatures.of(blueprint.recipe()) : shown;
      Optional<Long> count = faults.gather(() -> counted(split, more));
      sound &= count.isPresent();
      counts[split.ordinal()] = count.orElse(0L);
    }
    if (sound) {
      faults.gather(() -> refuseShared(splits));
      faults.gather(() -> new ScoreChecks(spark, blueprint).check(splits));
    }
    Optional<Counts> trained =
        sound && splits.contains(Split.TRAIN)
            ? Optional.of(
                new Counts(counts[Split.TRAIN.ordinal()], counts[Split.VALIDATION.ordinal()]))
            : Optional.empty();
    return state.map(hash -> new Found(hash, trained));
  }

  /** Remembers tables that are sound. */
  void remember(Found found) {
    if (!known().equals(Optional.of(found))) {
      checked.replace(Json.line(found.toJson()));
    }
  }

  /** Where only dates are taught, each is checked in its turn: others need not be sound. */
  private Set<Split> splits(Set<Stage> stages) {
    Set<Split> splits = EnumSet.noneOf(Split.class);
    boolean taughtAsOne = stages.contains(Stage.TEACH) && data().date().isEmpty();
    if (taughtAsOne || stages.contains(Stage.TRAIN)) {
      splits.add(Split.TRAIN);
      splits.add(Split.VALIDATION);
    }
    if (stages.contains(Stage.EVALUATE)) {
      splits.add(Split.TEST);
    }
    return splits;
  }

  private DataSettings data() {
    return blueprint.recipe().data();
  }

  /** Its examples, every one of them looked at. */
  long counted(Split split, List<OwnFeatures> shown) {
    try {
      return ExampleTable.checked(spark, data(), split, shown).count();
    } catch (RuntimeException e) {
      throw SparkFailures.worded(e, "check");
    }
  }

  private void refuseShared(Set<Split> splits) {
    if (splits.size() == Split.values().length) {
      ExampleTable.refuseShared(spark, data());
    } else if (splits.contains(Split.TRAIN) && data().validation().isPresent()) {
      ExampleTable.refuseShared(spark, data(), Split.TRAIN, Split.VALIDATION);
    }
  }

  /** Empty when a table cannot be listed, which is worded by its check. */
  private Optional<String> state(Set<Split> splits, List<OwnFeatures> shown) {
    List<String> parts = new ArrayList<>();
    parts.add("lakestill check 2 " + Build.version() + " " + splits);
    parts.add(blueprint.recipe().source().getObject("data").render(ConfigRenderOptions.concise()));
    shown.forEach(own -> parts.add(own.toString()));
    try {
      for (Split split : splits) {
        TableSettings table = ExampleTable.table(data(), split);
        parts.add(InputSnapshot.of(table.path(), table.where(), configuration()).toString());
      }
      parts.addAll(new ScoreChecks(spark, blueprint).state());
      return Optional.of(Sha256.of(String.join("\n", parts)));
    } catch (LakestillException | UncheckedIOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private Configuration configuration() {
    return spark.sessionState().newHadoopConf();
  }

  /** Empty when it is not there or not to be read: to read the tables again is safe. */
  private Optional<Found> known() {
    String name = "the file of checked tables";
    try {
      return checked
          .text()
          .map(text -> Found.fromJson(JsonFields.of(Json.parse(text, name), name)));
    } catch (UncheckedIOException | LakestillException e) {
      return Optional.empty();
    }
  }
}
