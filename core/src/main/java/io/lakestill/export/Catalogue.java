package io.lakestill.export;

import io.lakestill.error.Errors;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A folder of models, on any Hadoop file system: the students that held their gates.
 *
 * @param root the folder
 * @param configuration the Hadoop configuration that knows its file system
 */
public record Catalogue(Path root, Configuration configuration) {
  private static final Pattern NAME = Pattern.compile("[0-9A-Za-z][0-9A-Za-z_.-]{0,99}");

  /**
   * The model of a name, whether there is one yet or not.
   *
   * @throws io.lakestill.error.LakestillException (exit 2) when that cannot be the name of a folder
   */
  public Model model(String name) {
    if (!NAME.matcher(name).matches()) {
      throw Errors.badRecipe(
          ("A model cannot be named '%s', since that is the name of its folder: give --model a name"
                  + " of letters, digits, '_', '-' and '.', at most 100.")
              .formatted(name));
    }
    return new Model(new Path(root, name), configuration);
  }

  /**
   * The models that have versions, by name.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when there is no such folder
   */
  public List<Model> models() {
    try {
      FileSystem files = root.getFileSystem(configuration);
      return Arrays.stream(files.listStatus(root))
          .filter(FileStatus::isDirectory)
          .map(FileStatus::getPath)
          .sorted()
          .map(folder -> new Model(folder, configuration))
          .filter(model -> !model.versions().isEmpty())
          .toList();
    } catch (FileNotFoundException e) {
      throw Errors.badInput(
          "There is no catalogue at '%s'; correct its path, or promote a student first."
              .formatted(root));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot list '" + root + "'", e);
    }
  }
}
