package io.lakestill.train;

import io.lakestill.error.RowErrors;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;

/**
 * Records of as many floats each in a private file of the local disk. Written by one thread, one
 * after the other; then read in any order, by any threads.
 *
 * <p>The file loses its name as soon as it is open (on Windows when it is closed): however the
 * process ends, the disk gets its room back.
 *
 * <p>Reads are positioned reads and not a mapping: the pages they leave in the system's cache are
 * nobody's memory, whereas YARN counts mapped pages as the container's and kills it for them, and a
 * fault of the disk is an exception here and would be a signal there.
 */
final class RowFile implements AutoCloseable {
  private static final int WRITE_BYTES = 1 << 20;

  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
      PosixFilePermissions.asFileAttribute(
          Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE));

  private final Path folder;
  private final FileChannel channel;
  private final int recordBytes;
  private final ThreadLocal<ByteBuffer> own;
  private ByteBuffer pending = buffer(WRITE_BYTES);
  private long written;

  /**
   * @param folder of the local disk
   * @param floats of each record
   * @throws io.lakestill.error.LakestillException (exit 75) when no file can be made there
   */
  RowFile(Path folder, int floats) {
    this.folder = folder;
    this.recordBytes = Math.multiplyExact(Float.BYTES, floats);
    this.own = ThreadLocal.withInitial(() -> buffer(recordBytes));
    Path file = folder.resolve("rows-" + UUID.randomUUID());
    try {
      boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
      this.channel =
          FileChannel.open(
              file,
              Set.of(
                  StandardOpenOption.CREATE_NEW,
                  StandardOpenOption.READ,
                  StandardOpenOption.WRITE,
                  StandardOpenOption.DELETE_ON_CLOSE),
              posix ? new FileAttribute<?>[] {PRIVATE} : new FileAttribute<?>[0]);
    } catch (IOException e) {
      throw RowErrors.cannotSpill(folder, 0, e);
    }
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  /**
   * Writes some values at the end.
   *
   * @throws io.lakestill.error.LakestillException (exit 75) when the disk is full
   */
  void append(float[] values, int from, int count) {
    int done = 0;
    while (done < count) {
      int some = Math.min(count - done, pending.remaining() / Float.BYTES);
      pending.asFloatBuffer().put(values, from + done, some);
      pending.position(pending.position() + some * Float.BYTES);
      done += some;
      if (!pending.hasRemaining()) {
        flush();
      }
    }
  }

  private void flush() {
    try {
      for (pending.flip(); pending.hasRemaining(); ) {
        written += channel.write(pending);
      }
      pending.clear();
    } catch (IOException e) {
      throw RowErrors.cannotSpill(folder, written, e);
    }
  }

  /** Nothing more will be appended. */
  void finish() {
    flush();
    pending = buffer(0);
  }

  /**
   * Reads a record.
   *
   * @return its values, from the first on; the thread's own, until it reads the next
   */
  FloatBuffer read(long number) {
    ByteBuffer bytes = own.get().clear();
    try {
      for (long at = number * recordBytes; bytes.hasRemaining(); ) {
        if (channel.read(bytes, at + bytes.position()) < 0) {
          throw new EOFException("record %d is beyond the end".formatted(number));
        }
      }
    } catch (IOException e) {
      throw RowErrors.cannotReadBack(folder, e);
    }
    return bytes.flip().asFloatBuffer();
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot close a file in '" + folder + "'", e);
    }
  }
}
