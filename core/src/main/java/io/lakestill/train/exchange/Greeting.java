package io.lakestill.train.exchange;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** How a connection begins: both sides prove that they belong to the same training. */
record Greeting(byte[] secret, int rank, Duration timeout) {
  /** Connects to a node with a lower number. */
  Socket connect(int peer, String address) throws IOException {
    int colon = address.lastIndexOf(':');
    Socket socket = new Socket();
    try {
      int millis = Math.toIntExact(Math.min(timeout.toMillis(), Integer.MAX_VALUE));
      socket.connect(
          new InetSocketAddress(
              address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))),
          millis);
      socket.setSoTimeout(millis);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      byte[] theirs = in.readNBytes(Proof.NONCE);
      byte[] ours = Proof.nonce();
      out.writeInt(rank);
      out.write(ours);
      out.write(Proof.of(secret, theirs, rank, 'c'));
      out.flush();
      byte[] proof = in.readNBytes(Proof.LENGTH);
      if (!MessageDigest.isEqual(proof, Proof.of(secret, ours, peer, 'a'))) {
        throw new IOException("'" + address + "' does not know this training's secret");
      }
      return socket;
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /** A node that connected. */
  record Guest(int rank, Socket socket) {}

  /**
   * Waits for a node to connect.
   *
   * @return empty for a stranger, who was turned away
   * @throws SocketTimeoutException when nobody came
   */
  Optional<Guest> accept(Door door) throws IOException {
    door.socket().setSoTimeout(500);
    Socket socket = door.socket().accept();
    try {
      // A stranger who says nothing must not keep the others waiting for long.
      socket.setSoTimeout(5_000);
      OptionalInt guest = admit(socket);
      if (guest.isPresent()) {
        return Optional.of(new Guest(guest.getAsInt(), socket));
      }
    } catch (IOException strange) {
      // Turned away below.
    }
    socket.close();
    return Optional.empty();
  }

  private OptionalInt admit(Socket socket) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
    byte[] ours = Proof.nonce();
    out.write(ours);
    out.flush();
    int guest = in.readInt();
    byte[] theirs = in.readNBytes(Proof.NONCE);
    byte[] proof = in.readNBytes(Proof.LENGTH);
    if (!MessageDigest.isEqual(proof, Proof.of(secret, ours, guest, 'c'))) {
      return OptionalInt.empty();
    }
    out.write(Proof.of(secret, theirs, rank, 'a'));
    out.flush();
    return OptionalInt.of(guest);
  }
}
