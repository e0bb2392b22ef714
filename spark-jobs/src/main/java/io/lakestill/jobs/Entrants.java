package io.lakestill.jobs;

import io.lakestill.data.FeatureShape;
import io.lakestill.export.Bundle;
import io.lakestill.recipe.ModelRole;
import io.lakestill.recipe.Recipe;
import io.lakestill.teacher.OnnxFile;
import io.lakestill.teacher.TeacherModel;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/**
 * Opens everything that a run made or was given to be measured.
 *
 * @param blueprint the recipe
 * @param output the folder of the run
 */
record Entrants(SparkSession spark, Blueprint blueprint, OutputFolder output) {

  /**
   * Teachers first, in the recipe's order, then student and twin of each seed.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when one is missing
   */
  List<Entrant> all() {
    List<Entrant> all = new ArrayList<>();
    blueprint.teachers().forEach(plan -> all.add(teacher(plan)));
    for (int seed : blueprint.student().settings().seeds()) {
      all.add(student(ModelRole.STUDENT, seed));
      blueprint.scratch().ifPresent(twin -> all.add(student(ModelRole.SCRATCH, seed)));
    }
    return all;
  }

  private Entrant teacher(TeacherPlan plan) {
    Recipe recipe = blueprint.recipe();
    if (plan.settings().table().isPresent()) {
      return Entrant.teacher(TablePass.of(spark, recipe, plan.settings()));
    }
    OnnxFile file = new TeacherFiles(blueprint, output, configuration()).of(plan);
    TeacherModel model =
        TeacherModel.inspect(
            plan.settings(),
            file,
            FeatureShape.of(plan.features().shape()),
            recipe.data().classes().size());
    Contestant contestant =
        Contestant.of(
            model, file, blueprint.featuresOf(plan), OwnFeatures.of(recipe, plan.settings()));
    return Entrant.teacher(plan.id(), contestant, file.parameters());
  }

  private Entrant student(ModelRole role, int seed) {
    int firstSeed = blueprint.student().firstSeed();
    Bundle bundle = Bundle.open(output.bundle(role, seed, firstSeed), configuration());
    return Entrant.student(
        role,
        seed,
        Contestant.of(bundle, blueprint.features()),
        bundle.manifest().graph().trainableParameters(),
        output.checkpoint(role, seed));
  }

  private Configuration configuration() {
    return spark.sessionState().newHadoopConf();
  }
}
