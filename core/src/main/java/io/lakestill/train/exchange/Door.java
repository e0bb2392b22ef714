package io.lakestill.train.exchange;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Where a node listens for the others: a free port of one of its addresses. */
public final class Door implements AutoCloseable {
  private final ServerSocket socket;
  private final String host;

  private Door(ServerSocket socket, String host) {
    this.socket = socket;
    this.host = host;
  }

  /**
   * @param host the name or address by which other nodes reach this one
   */
  public static Door open(String host) {
    try {
      ServerSocket socket = new ServerSocket();
      socket.bind(new InetSocketAddress(InetAddress.getByName(host), 0));
      return new Door(socket, host);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot listen on '" + host + "'", e);
    }
  }

  /** {@code host:port}. */
  public String address() {
    return host + ":" + socket.getLocalPort();
  }

  ServerSocket socket() {
    return socket;
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
