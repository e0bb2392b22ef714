package io.lakestill.train.exchange;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** The connection with one other node. One thread reads, one writes. */
final class Link implements AutoCloseable {
  /** How often a waiting reader looks whether it is still wanted. */
  private static final int PATIENCE_MILLIS = 500;

  private final int peer;
  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;
  private final Duration timeout;
  private final BooleanSupplier cancelled;
  private final Message received = new Message();
  private final Message sent = new Message();

  /**
   * @param timeout after which a silent peer is taken for dead
   * @param cancelled whether nobody waits for this node any more
   */
  Link(int peer, Socket socket, Duration timeout, BooleanSupplier cancelled) throws IOException {
    this.peer = peer;
    this.socket = socket;
    this.timeout = timeout;
    this.cancelled = cancelled;
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(PATIENCE_MILLIS);
    this.in = socket.getInputStream();
    this.out = socket.getOutputStream();
  }

  int peer() {
    return peer;
  }

  /** The message that goes out next; not to be touched while it is sent. */
  Message outgoing() {
    return sent;
  }

  void send(Message message) throws IOException {
    out.write(message.array(), 0, message.length());
    out.flush();
  }

  /** Waits for a message of so many bytes; it is valid until the next one. */
  Message receive(int size) throws IOException {
    received.reserve(size);
    read(received.array(), size);
    return received;
  }

  /** The message that came last. */
  Message last() {
    return received;
  }

  private void read(byte[] to, int size) throws IOException {
    long deadline = System.nanoTime() + timeout.toNanos();
    int at = 0;
    while (at < size) {
      try {
        int count = in.read(to, at, size - at);
        if (count < 0) {
          throw new EOFException("the connection was closed");
        }
        at += count;
      } catch (SocketTimeoutException silence) {
        if (cancelled.getAsBoolean()) {
          throw new IOException("this task was cancelled", silence);
        }
        if (System.nanoTime() > deadline) {
          throw new IOException("nothing came for " + timeout.toSeconds() + " s", silence);
        }
      }
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException alreadyBroken) {
      // Nothing is left to be said to this peer.
    }
  }
}
