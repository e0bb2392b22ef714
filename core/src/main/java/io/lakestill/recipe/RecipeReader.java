package io.lakestill.recipe;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigValueFactory;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads a recipe: the person's HOCON text over {@code reference.conf}, with {@code --set} overrides
 * over both. Environment variables are never substituted; {@code ${lakestill.home}} and {@code
 * ${lakestill.recipe-folder}} are. A recipe is one file: every {@code include} is refused.
 */
public final class RecipeReader {
  private static final String REFERENCE = "io/lakestill/reference.conf";

  private final Map<String, String> folders;

  /**
   * @param home the folder of the installation, for {@code ${lakestill.home}}
   * @param recipeFolder the folder of the recipe, for {@code ${lakestill.recipe-folder}}
   */
  public RecipeReader(String home, String recipeFolder) {
    this.folders = Map.of("lakestill.home", home, "lakestill.recipe-folder", recipeFolder);
  }

  /** The defaults, as shipped. */
  public static Config reference() {
    return ConfigFactory.parseResources(
        RecipeReader.class.getClassLoader(),
        REFERENCE,
        ConfigParseOptions.defaults().setAllowMissing(false));
  }

  /**
   * @param text the recipe in HOCON
   * @param name what to call it in messages: its file name
   * @param overrides {@code key=value} pairs of {@code --set}; a value that is no HOCON literal is
   *     a text, as typed
   * @param problems receives everything that is wrong
   * @return the recipe, or empty when anything was wrong
   */
  public Optional<Recipe> read(
      String text, String name, List<String> overrides, Problems problems) {
    return draft(text, name, overrides, problems).flatMap(RecipeDraft::recipe);
  }

  /**
   * The same as {@link #read}, with the sections that are sound when others are not.
   *
   * @return empty when the text is not HOCON or a substitution is not known
   */
  public Optional<RecipeDraft> draft(
      String text, String name, List<String> overrides, Problems problems) {
    Config reference = reference();
    return resolve(text, name, overrides, reference, problems)
        .map(
            resolved -> {
              ConfigObject root = resolved.root().withoutKey("defaults").withoutKey("lakestill");
              ConfigObject defaults = resolved.getObject("defaults");
              return draft(new Settings(root, "", defaults, problems), root.toConfig());
            });
  }

  private Optional<Config> resolve(
      String text, String name, List<String> overrides, Config reference, Problems problems) {
    try {
      Config written =
          ConfigFactory.parseString(
              text,
              ConfigParseOptions.defaults()
                  .setSyntax(ConfigSyntax.CONF)
                  .setOriginDescription(name)
                  .setIncluder(new NoIncludes()));
      for (String override : overrides) {
        written =
            RecipeOverride.read(override, problems)
                .map(read -> read.config(problems))
                .orElse(ConfigFactory.empty())
                .withFallback(written);
      }
      if (written.hasPath("defaults")) {
        problems.add(new Problem(name, "defaults", "is Lakestill's own; set the key itself"));
        return Optional.empty();
      }
      Config known = ConfigFactory.empty();
      for (Map.Entry<String, String> folder : folders.entrySet()) {
        known = known.withValue(folder.getKey(), ConfigValueFactory.fromAnyRef(folder.getValue()));
      }
      return Optional.of(
          written
              .withFallback(known)
              .withFallback(reference)
              .resolve(ConfigResolveOptions.defaults().setUseSystemEnvironment(false)));
    } catch (ConfigException e) {
      int line = e.origin() == null ? -1 : e.origin().lineNumber();
      problems.add(
          new Problem(
              line > 0 ? name + ":" + line : name, "HOCON", String.valueOf(e.getMessage())));
      return Optional.empty();
    }
  }

  private static RecipeDraft draft(Settings settings, Config source) {
    String name = settings.text("name");
    String output = settings.text("output");
    Optional<DataSettings> data = DataSettings.read(settings.section("data"));
    Optional<TeacherSettings> teacher =
        settings.optionalSection("teacher").flatMap(TeacherSettings::read);
    Optional<SignalSettings> signals = SignalSettings.read(settings.section("signals"));
    Optional<GraphSettings> student = GraphSettings.read(settings.section("student"));
    Optional<TrainSettings> train = TrainSettings.read(settings.section("train"));
    Optional<EvaluateSettings> evaluate = EvaluateSettings.read(settings.section("evaluate"));
    Optional<ExportSettings> export = ExportSettings.read(settings.section("export"));
    Optional<Recipe> recipe =
        settings.build(
            () ->
                new Recipe(
                    name,
                    output,
                    data.orElseThrow(),
                    teacher,
                    signals.orElseThrow(),
                    student.orElseThrow(),
                    train.orElseThrow(),
                    evaluate.orElseThrow(),
                    export.orElseThrow(),
                    source));
    return new RecipeDraft(data, teacher, student, train, evaluate, recipe, source);
  }
}
