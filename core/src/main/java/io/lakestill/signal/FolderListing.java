package io.lakestill.signal;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * What lies in the folders of a table; a folder that is not there is empty.
 *
 * @param configuration the Hadoop configuration that knows their file system
 */
record FolderListing(Configuration configuration) {

  /** The names of everything in a folder. */
  List<String> names(Path folder) {
    return list(folder).stream().map(status -> status.getPath().getName()).toList();
  }

  /** The sizes of all data files, by path without scheme, as paths below a table are written. */
  Map<Path, Long> sizes(Collection<Path> folders) {
    Map<Path, Long> sizes = new HashMap<>();
    for (Path folder : Set.copyOf(folders)) {
      for (FileStatus status : list(folder)) {
        String name = status.getPath().getName();
        if (status.isFile() && !name.startsWith(".") && !name.startsWith("_")) {
          sizes.put(new Path(folder, name), status.getLen());
        }
      }
    }
    return sizes;
  }

  void delete(Collection<Path> files) {
    for (Path path : files) {
      try {
        path.getFileSystem(configuration).delete(path, false);
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot delete '" + path + "'", e);
      }
    }
  }

  private List<FileStatus> list(Path folder) {
    try {
      FileSystem files = folder.getFileSystem(configuration);
      return List.of(files.listStatus(folder));
    } catch (FileNotFoundException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot list '" + folder + "'", e);
    }
  }
}
