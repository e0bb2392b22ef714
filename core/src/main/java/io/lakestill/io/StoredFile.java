package io.lakestill.io;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Options.Rename;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/**
 * One small file on any Hadoop file system, read whole and replaced whole.
 *
 * <p>The replacement is atomic: a reader sees the old bytes or the new ones, whatever dies in
 * between. On HDFS and on local disks a private file is renamed over the target. Object stores
 * cannot do that, since their rename is a delete and a copy; but there a file appears when it is
 * closed, and not before, so it is simply written.
 *
 * <p>On local disks Hadoop keeps the checksum of a file in another file beside it, and two files
 * cannot be replaced at once. So this one is written without, and a checksum that is there is not
 * read; who needs to know that the bytes are right keeps their hash.
 *
 * @param path where it is
 * @param configuration the Hadoop configuration that knows its file system
 */
public record StoredFile(Path path, Configuration configuration) {
  /** Azure's abfs is none of them: it renames, and shows files before they are closed. */
  private static final Set<String> OBJECT_STORES =
      Set.of("s3a", "s3", "s3n", "gs", "oss", "cosn", "obs", "wasb", "wasbs");

  public FileSystem fileSystem() throws IOException {
    return path.getFileSystem(configuration);
  }

  /** The bytes, or empty when there is no such file. */
  public Optional<byte[]> bytes() {
    try (InputStream in = withoutChecksums(fileSystem()).open(path)) {
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

  public void replace(byte[] bytes) {
    try {
      if (appearsWhenClosed()) {
        write(fileSystem(), path, bytes);
      } else {
        renameOver(bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write '" + path + "'", e);
    }
  }

  /**
   * Creates a file that is not there yet: of several that try at the same time, one does. So on
   * local disks and HDFS; object stores may let two.
   *
   * @param files of local disks, the one without checksums, which would be a second file
   * @return false when there is one already
   */
  public static boolean create(FileSystem files, Path path, byte[] bytes) throws IOException {
    if (files.getUri().getScheme().equals("file")) {
      try {
        Files.write(
            java.nio.file.Path.of(path.toUri().getPath()), bytes, StandardOpenOption.CREATE_NEW);
        return true;
      } catch (FileAlreadyExistsException e) {
        return false;
      }
    }
    try (FSDataOutputStream out = files.create(path, false)) {
      out.write(bytes);
      return true;
    } catch (IOException e) {
      if (files.exists(path)) {
        return false;
      }
      throw e;
    }
  }

  /** As {@link #create(FileSystem, Path, byte[])}, with no bytes; its folder is made if need be. */
  public boolean createEmpty() {
    try {
      FileSystem files = withoutChecksums(fileSystem());
      files.mkdirs(path.getParent());
      return create(files, path, new byte[0]);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write '" + path + "'", e);
    }
  }

  /** True of object stores; those that Hadoop gives no FileContext are such. */
  private boolean appearsWhenClosed() throws IOException {
    if (OBJECT_STORES.contains(fileSystem().getUri().getScheme())) {
      return true;
    }
    try {
      FileContext.getFileContext(path.toUri(), configuration);
      return false;
    } catch (UnsupportedFileSystemException e) {
      return true;
    }
  }

  private static void write(FileSystem files, Path to, byte[] bytes) throws IOException {
    try (FSDataOutputStream out = files.create(to, true)) {
      out.write(bytes);
    }
  }

  private void renameOver(byte[] bytes) throws IOException {
    Path temporary = new Path(path.getParent(), "." + path.getName() + "." + UUID.randomUUID());
    FileSystem files = withoutChecksums(fileSystem());
    try {
      try (FSDataOutputStream out = files.create(temporary, false)) {
        out.write(bytes);
        out.hsync();
      }
      renameOver(files, temporary);
    } catch (IOException | RuntimeException e) {
      delete(files, temporary, e);
      throw e;
    }
  }

  private static FileSystem withoutChecksums(FileSystem files) {
    return files instanceof LocalFileSystem local ? local.getRawFileSystem() : files;
  }

  private static void delete(FileSystem files, Path temporary, Exception cause) {
    try {
      files.delete(temporary, false);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  private void renameOver(FileSystem files, Path temporary) throws IOException {
    if (fileSystem() instanceof LocalFileSystem local && files instanceof RawLocalFileSystem disk) {
      // What Hadoop itself has left would refuse the new bytes to everyone who reads with
      // checksums.
      files.delete(local.getChecksumFile(path), false);
      // RawLocalFileSystem.rename copies where it cannot rename, which is not atomic.
      Files.move(
          disk.pathToFile(temporary).toPath(),
          disk.pathToFile(path).toPath(),
          StandardCopyOption.ATOMIC_MOVE);
      return;
    }
    FileContext.getFileContext(path.toUri(), configuration)
        .rename(temporary, path, Rename.OVERWRITE);
  }
}
