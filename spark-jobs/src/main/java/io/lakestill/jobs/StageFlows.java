package io.lakestill.jobs;

import io.lakestill.export.Bundle;
import io.lakestill.export.Model;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.signal.SignalManifest;
import io.lakestill.train.CheckpointManifest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * What the stages of a recipe make of what: examples and teacher, a signal table; that and the
 * examples, a checkpoint; that, a bundle; that, a version of a model.
 */
record StageFlows(Blueprint blueprint, OutputFolder output, TeacherFiles files, DataFlows flows) {

  StageLog.Result<SignalManifest> teach(
      TeacherPlan teacher, StageLog.Result<SignalManifest> result) {
    return flows.told(
        result,
        () ->
            new DataFlow(
                "teach." + teacher.id(),
                Stream.concat(learned(blueprint.recipe().data()).stream(), model(teacher).stream())
                    .toList(),
                output.signals(teacher.id()).toString(),
                Optional.of("" + result.value().version()),
                OptionalLong.of(result.value().rows())));
  }

  /** Where what a teacher says comes from. */
  private Optional<String> model(TeacherPlan teacher) {
    TeacherSettings settings = teacher.settings();
    return settings
        .onnx()
        .or(settings::bundle)
        .or(() -> settings.table().map(scores -> scores.table().path()))
        .or(
            () ->
                teacher
                    .training()
                    .map(
                        trained ->
                            files.folders(teacher, trained.firstSeed()).bundle().toString()));
  }

  private static List<String> learned(DataSettings data) {
    return Stream.of(Split.TRAIN, Split.VALIDATION)
        .map(split -> ExampleTable.table(data, split).path())
        .distinct()
        .toList();
  }

  /**
   * @param name of the model
   */
  StageLog.Result<CheckpointManifest> train(
      String name,
      int seed,
      DataSettings data,
      ModelFolders folders,
      StageLog.Result<CheckpointManifest> result) {
    return flows.told(
        result,
        () -> {
          List<String> inputs = new ArrayList<>(learned(data));
          result
              .value()
              .signals()
              .forEach(from -> inputs.add(output.signals(from.teacher()).toString()));
          return new DataFlow(stage("train", name, seed), inputs, folders.checkpoint().toString());
        });
  }

  StageLog.Result<Bundle> export(
      String name, int seed, ModelFolders folders, StageLog.Result<Bundle> result) {
    return flows.told(
        result,
        () ->
            new DataFlow(
                stage("export", name, seed),
                List.of(folders.checkpoint().toString()),
                folders.bundle().toString()));
  }

  private static String stage(String what, String name, int seed) {
    return "%s.%s.seed-%d".formatted(what, name.replace(' ', '.'), seed);
  }

  StageLog.Result<Integer> promote(Model target, String student, StageLog.Result<Integer> result) {
    return flows.told(
        result,
        () ->
            new DataFlow(
                "promote." + target.name(),
                List.of(student),
                target.folder().toString(),
                Optional.of("" + result.value()),
                OptionalLong.empty()));
  }
}
