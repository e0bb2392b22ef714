package io.lakestill.signal;

import io.lakestill.io.Sha256;
import java.io.IOException;
import java.security.MessageDigest;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;

/** An output file that knows the SHA-256 and the number of the bytes written to it. */
final class HashingOutputFile implements OutputFile {
  private final OutputFile target;
  private final MessageDigest digest = Sha256.digest();
  private long bytes;

  HashingOutputFile(OutputFile target) {
    this.target = target;
  }

  /** Of the bytes so far; ends the hashing. */
  String sha256() {
    return Sha256.hex(digest.digest());
  }

  long bytes() {
    return bytes;
  }

  @Override
  public PositionOutputStream create(long blockSizeHint) throws IOException {
    return new HashingStream(target.create(blockSizeHint));
  }

  @Override
  public PositionOutputStream createOrOverwrite(long blockSizeHint) {
    throw new UnsupportedOperationException("signal files are never overwritten");
  }

  @Override
  public boolean supportsBlockSize() {
    return target.supportsBlockSize();
  }

  @Override
  public long defaultBlockSize() {
    return target.defaultBlockSize();
  }

  private final class HashingStream extends PositionOutputStream {
    private final PositionOutputStream out;

    private HashingStream(PositionOutputStream out) {
      this.out = out;
    }

    @Override
    public long getPos() {
      return bytes;
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
      digest.update((byte) b);
      bytes++;
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
      out.write(buffer, offset, length);
      digest.update(buffer, offset, length);
      bytes += length;
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }
}
