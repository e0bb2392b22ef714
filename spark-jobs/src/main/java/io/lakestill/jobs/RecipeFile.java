package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.recipe.RecipeLayer;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;

/**
 * The text of a recipe's file and the folder it was found in.
 *
 * @param name what messages call it: the file's name
 * @param folder what {@code ${lakestill.recipe-folder}} stands for
 */
record RecipeFile(String name, String folder, String text) {

  /**
   * Reads the files of one recipe, in their order. Where two have the same name, each is called by
   * the path it was given.
   *
   * @throws LakestillException as {@link #read(String)}, and (exit 2) when two are the same file
   */
  static List<RecipeFile> read(List<String> given) {
    List<RecipeFile> files = given.stream().map(RecipeFile::read).toList();
    List<RecipeFile> named = new ArrayList<>();
    for (int i = 0; i < files.size(); i++) {
      RecipeFile file = files.get(i);
      if (files.indexOf(file) < i) {
        throw Errors.badRecipe(
            ("--recipe '%s' and --recipe '%s' are the same file, '%s' in '%s'; leave one out, or"
                    + " give one another name if two files were meant.")
                .formatted(
                    given.get(files.indexOf(file)), given.get(i), file.name(), file.folder()));
      }
      boolean unique = files.stream().filter(f -> f.name().equals(file.name())).count() == 1;
      named.add(unique ? file : new RecipeFile(given.get(i), file.folder(), file.text()));
    }
    return named;
  }

  /** What the reader of recipes takes. */
  RecipeLayer layer() {
    return new RecipeLayer(name, folder, text);
  }

  /**
   * Finds a recipe before Spark is started, with the Hadoop settings that Spark will have ({@code
   * spark.hadoop.*}). A path without a scheme is looked for on this machine, then by its name in
   * the working folder, where {@code --files} puts it in cluster mode, then on the default file
   * system.
   *
   * @throws LakestillException (exit 2) when there is none or it may not be read, (exit 75) when
   *     the file system does not answer
   */
  static RecipeFile read(String given) {
    Configuration configuration = SparkHadoopUtil.get().newConfiguration(new SparkConf());
    List<String> looked = new ArrayList<>();
    FileNotFoundException missing = null;
    for (Map.Entry<Path, String> entry : places(given, configuration).entrySet()) {
      Path place = entry.getKey();
      try (InputStream in = place.getFileSystem(configuration).open(place)) {
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        return new RecipeFile(place.getName(), entry.getValue(), text);
      } catch (FileNotFoundException e) {
        if (StorageFaults.isAccess(e)) {
          throw StorageFaults.worded(unread(place), e);
        }
        looked.add("'" + place + "'");
        missing = e;
      } catch (IOException e) {
        throw StorageFaults.worded(unread(place), e);
      } catch (RuntimeException e) {
        throw StorageFaults.worded(unread(place), e);
      }
    }
    throw Errors.noRecipe(given, looked, missing);
  }

  /** Where to look, in order, each with the folder that it means. */
  private static Map<Path, String> places(String given, Configuration configuration) {
    Path path = parsed(given);
    Map<Path, String> places = new LinkedHashMap<>();
    if (path.toUri().getScheme() != null) {
      places.put(path, folder(path));
      return places;
    }
    try {
      LocalFileSystem local = FileSystem.getLocal(configuration);
      Path here = local.makeQualified(path);
      Path shipped = local.makeQualified(new Path(path.getName()));
      boolean isDefault = FileSystem.getDefaultUri(configuration).equals(local.getUri());
      // Spark takes a path without a scheme for one on the default file system.
      places.put(here, folder(isDefault ? path : here));
      places.putIfAbsent(shipped, folder(shipped));
      places.putIfAbsent(path.getFileSystem(configuration).makeQualified(path), folder(path));
      return places;
    } catch (IOException e) {
      throw StorageFaults.worded(unread(path), e);
    } catch (RuntimeException e) {
      throw StorageFaults.worded(unread(path), e);
    }
  }

  private static Path parsed(String given) {
    try {
      return new Path(given);
    } catch (IllegalArgumentException e) {
      throw Errors.badRecipe("--recipe '%s' is not a path: %s.".formatted(given, e.getMessage()));
    }
  }

  private static String folder(Path file) {
    Path folder = file.getParent();
    return folder == null || folder.toString().isEmpty() ? "." : folder.toString();
  }

  private static String unread(Path place) {
    return "Recipe '" + place + "' cannot be read";
  }
}
