package io.lakestill.signal;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.io.Sha256;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * What a lake table was when it was read.
 *
 * @param path the table
 * @param where the condition its rows had to meet, if any
 * @param files its data files
 * @param bytes their size
 * @param newestModification the newest modification time, ISO 8601 in UTC
 * @param listingSha256 SHA-256 over path below the table, size and modification time of every file
 */
public record InputSnapshot(
    String path,
    Optional<String> where,
    long files,
    long bytes,
    String newestModification,
    String listingSha256) {
  private static final Pattern GLOB = Pattern.compile("[*?\\[{]");

  /**
   * Lists the data files of a table; names that begin with {@code _} or {@code .} are not data.
   *
   * @param path a folder, a file or a glob on any Hadoop file system
   * @param where the condition its rows have to meet, if any
   * @throws io.lakestill.error.LakestillException (exit 3) when nothing is there
   */
  public static InputSnapshot of(String path, Optional<String> where, Configuration configuration) {
    return of(path, where, files(path, configuration));
  }

  /**
   * The same of some folders of a table only; one that is gone has no files.
   *
   * @param folders folders below the path
   */
  public static InputSnapshot of(
      String path, Optional<String> where, List<Path> folders, Configuration configuration) {
    List<FileStatus> files = new ArrayList<>();
    for (Path folder : folders) {
      try {
        FileSystem fileSystem = folder.getFileSystem(configuration);
        collect(fileSystem, fileSystem.getFileStatus(folder), files);
      } catch (FileNotFoundException e) {
        continue;
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot list '" + folder + "'", e);
      }
    }
    return of(path, where, files);
  }

  private static List<FileStatus> files(String path, Configuration configuration) {
    List<FileStatus> files = new ArrayList<>();
    Path root = new Path(path);
    try {
      FileSystem fileSystem = root.getFileSystem(configuration);
      FileStatus[] found = fileSystem.globStatus(root);
      if (found == null || found.length == 0) {
        throw Errors.badInput("There is no table at '" + path + "'; correct its path.");
      }
      for (FileStatus status : found) {
        collect(fileSystem, status, files);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot list '" + path + "'", e);
    }
    return files;
  }

  private static InputSnapshot of(String path, Optional<String> where, List<FileStatus> files) {
    String base = base(path);
    String listing =
        files.stream()
            .map(f -> below(base, f.getPath()) + "\t" + f.getLen() + "\t" + f.getModificationTime())
            .sorted()
            .collect(Collectors.joining("\n"));
    long newest = files.stream().mapToLong(FileStatus::getModificationTime).max().orElse(0);
    return new InputSnapshot(
        path,
        where,
        files.size(),
        files.stream().mapToLong(FileStatus::getLen).sum(),
        Instant.ofEpochMilli(newest).toString(),
        Sha256.of(listing));
  }

  /** The folder of a table, or of its files; above what a glob leaves open. */
  private static String base(String path) {
    Path base = new Path(path);
    while (GLOB.matcher(base.toString()).find() && base.getParent() != null) {
      base = base.getParent();
    }
    return base.toUri().getPath();
  }

  /** Two files of one name in folders of two dates are not the same. */
  private static String below(String base, Path file) {
    String whole = file.toUri().getPath();
    int at = whole.indexOf(base + "/");
    return at < 0 ? file.getName() : whole.substring(at + base.length() + 1);
  }

  private static void collect(FileSystem fileSystem, FileStatus status, List<FileStatus> files)
      throws IOException {
    if (status.isFile()) {
      files.add(status);
      return;
    }
    for (FileStatus child : fileSystem.listStatus(status.getPath())) {
      String name = child.getPath().getName();
      // Partition folders may begin with an underscore, as in _day=1.
      boolean hidden = name.startsWith(".") || (name.startsWith("_") && !name.contains("="));
      if (!hidden) {
        collect(fileSystem, child, files);
      }
    }
  }

  ObjectNode toJson() {
    ObjectNode json = Json.object().put("path", path);
    where.ifPresent(condition -> json.put("where", condition));
    return json.put("files", files)
        .put("bytes", bytes)
        .put("newest_modification", newestModification)
        .put("listing_sha256", listingSha256);
  }

  static InputSnapshot fromJson(JsonFields fields) {
    return new InputSnapshot(
        fields.text("path"),
        fields.optionalText("where"),
        fields.whole("files"),
        fields.whole("bytes"),
        fields.text("newest_modification"),
        fields.text("listing_sha256"));
  }
}
