package io.lakestill.recipe;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Reads a recipe: the person's HOCON over {@code reference.conf}, one or more files of it, each
 * over those before, with {@code --set} overrides over all. Environment variables are never
 * substituted; {@code ${lakestill.home}} and {@code ${lakestill.recipe-folder}}, each file's own,
 * are. No file pulls in another: every {@code include} is refused.
 */
public final class RecipeReader {
  private static final String REFERENCE = "io/lakestill/reference.conf";

  private static final String DEFAULTS = "defaults";
  private static final String HOME = "lakestill.home";
  private static final String RECIPE_FOLDER = "lakestill.recipe-folder";

  private final Map<String, String> folders;
  private final String recipeFolder;

  /**
   * @param home the folder of the installation, for {@code ${lakestill.home}}
   * @param recipeFolder what {@code ${lakestill.recipe-folder}} stands for in an override
   */
  public RecipeReader(String home, String recipeFolder) {
    this.folders = Map.of(HOME, home, RECIPE_FOLDER, recipeFolder);
    this.recipeFolder = recipeFolder;
  }

  /** The defaults, as shipped. */
  public static Config reference() {
    return ConfigFactory.parseResources(
        RecipeReader.class.getClassLoader(),
        REFERENCE,
        ConfigParseOptions.defaults()
            .setAllowMissing(false)
            .setOriginDescription(Origins.DEFAULTS));
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

  /** The same as {@link #read}, with the sections that are sound when others are not. */
  public Optional<RecipeDraft> draft(
      String text, String name, List<String> overrides, Problems problems) {
    return draft(List.of(new RecipeLayer(name, recipeFolder, text)), overrides, problems);
  }

  /**
   * The same for a recipe of several files.
   *
   * @param layers each laid over those before
   * @return empty when a text is not HOCON or a substitution is not known
   */
  public Optional<RecipeDraft> draft(
      List<RecipeLayer> layers, List<String> overrides, Problems problems) {
    return resolve(layers, overrides, problems)
        .map(
            resolved -> {
              ConfigObject root = resolved.root().withoutKey(DEFAULTS).withoutKey("lakestill");
              ConfigObject defaults = resolved.getObject(DEFAULTS);
              RecipeSecrets.find(root, problems);
              return draft(new Settings(root, "", defaults, problems), root.toConfig());
            });
  }

  private Optional<Config> resolve(
      List<RecipeLayer> layers, List<String> overrides, Problems problems) {
    Config known = ConfigFactory.empty();
    for (Map.Entry<String, String> folder : folders.entrySet()) {
      known = known.withValue(folder.getKey(), ConfigValueFactory.fromAnyRef(folder.getValue()));
    }
    Config written = ConfigFactory.empty();
    for (int i = 0; i < layers.size(); i++) {
      RecipeLayer layer = layers.get(i);
      String folder = "lakestill.recipe-folders.layer-" + i;
      known = known.withValue(folder, ConfigValueFactory.fromAnyRef(layer.folder()));
      Optional<Config> own = parsed(layer, folder, problems);
      if (own.isEmpty()) {
        return Optional.empty();
      }
      written = own.get().withFallback(written);
    }
    try {
      for (String override : overrides) {
        written = overridden(written, override, problems);
      }
      if (written.root().containsKey(DEFAULTS)) {
        problems.add(touched(written.root().get(DEFAULTS)));
        return Optional.empty();
      }
      return Optional.of(
          written
              .withFallback(known)
              .withFallback(reference())
              .resolve(ConfigResolveOptions.defaults().setUseSystemEnvironment(false)));
    } catch (ConfigException e) {
      String names = layers.stream().map(RecipeLayer::name).collect(Collectors.joining(", "));
      problems.add(notHocon(names, e));
      return Optional.empty();
    }
  }

  private static Config overridden(Config written, String override, Problems problems) {
    return RecipeOverride.read(override, problems)
        .map(read -> read.config(problems).withFallback(written))
        .orElse(written);
  }

  private static Optional<Config> parsed(RecipeLayer layer, String folder, Problems problems) {
    try {
      return Optional.of(
          ConfigFactory.parseString(
              layer.textWithFolder(folder),
              ConfigParseOptions.defaults()
                  .setSyntax(ConfigSyntax.CONF)
                  .setOriginDescription(layer.name())
                  .setIncluder(new NoIncludes())));
    } catch (ConfigException e) {
      problems.add(notHocon(layer.name(), e));
      return Optional.empty();
    }
  }

  private static Problem notHocon(String name, ConfigException e) {
    boolean known = e.origin() != null && e.origin().lineNumber() > 0;
    return new Problem(
        known ? Origins.where(e.origin()) : name, "HOCON", String.valueOf(e.getMessage()));
  }

  private static Problem touched(ConfigValue defaults) {
    return new Problem(
        Origins.where(defaults.origin()), DEFAULTS, "is Lakestill's own; set the key itself");
  }

  private static RecipeDraft draft(Settings settings, Config source) {
    String name = settings.text("name");
    String output = settings.text("output");
    Optional<DataSettings> data = DataSettings.read(settings.section("data"));
    Optional<List<TeacherSettings>> teachers = TeacherSettings.readAll(settings);
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
                    teachers.orElseThrow(),
                    signals.orElseThrow(),
                    student.orElseThrow(),
                    train.orElseThrow(),
                    evaluate.orElseThrow(),
                    export.orElseThrow(),
                    source));
    return new RecipeDraft(data, teachers, student, train, evaluate, recipe, source);
  }
}
