package io.lakestill.io;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options.Rename;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/**
 * One small file on any Hadoop file system, read whole and replaced atomically: a reader sees the
 * old bytes or the new ones, whatever dies in between.
 *
 * @param path where it is
 * @param configuration the Hadoop configuration that knows its file system
 */
public record StoredFile(Path path, Configuration configuration) {

  public FileSystem fileSystem() throws IOException {
    return path.getFileSystem(configuration);
  }

  /** The bytes, or empty when there is no such file. */
  public Optional<byte[]> bytes() {
    try (InputStream in = fileSystem().open(path)) {
      return Optional.of(in.readAllBytes());
    } catch (FileNotFoundException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read '" + path + "'", e);
    }
  }

  public Optional<String> text() {
    return bytes().map(bytes -> new String(bytes, StandardCharsets.UTF_8));
  }

  public void replace(String text) {
    replace(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes a private file beside the target and renames it over the target. */
  public void replace(byte[] bytes) {
    Path temporary = new Path(path.getParent(), "." + path.getName() + "." + UUID.randomUUID());
    try {
      FileSystem files = fileSystem();
      try (FSDataOutputStream out = files.create(temporary, false)) {
        out.write(bytes);
        out.hsync();
      }
      renameOver(files, temporary);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write '" + path + "'", e);
    }
  }

  private void renameOver(FileSystem files, Path temporary) throws IOException {
    try {
      FileContext.getFileContext(path.toUri(), configuration)
          .rename(temporary, path, Rename.OVERWRITE);
    } catch (UnsupportedFileSystemException e) {
      // Object stores without a FileContext: a delete and a rename, as atomic as they offer.
      files.delete(path, false);
      if (!files.rename(temporary, path)) {
        throw new IOException("Cannot rename '" + temporary + "' to '" + path + "'", e);
      }
    }
  }
}
