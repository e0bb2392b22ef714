package io.lakestill.train.exchange;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * How two nodes show each other that they know a training's secret without saying it: each answers
 * the other's random nonce with an HMAC-SHA-256 over the nonce, its number and its side.
 */
final class Proof {
  static final int NONCE = 16;
  static final int LENGTH = 32;

  private Proof() {}

  static byte[] nonce() {
    byte[] nonce = new byte[NONCE];
    new SecureRandom().nextBytes(nonce);
    return nonce;
  }

  /**
   * @param side who proves: {@code c} for the node that connects, {@code a} for the one that
   *     accepts, so that neither's answer can be sent back to it
   */
  static byte[] of(byte[] secret, byte[] nonce, int rank, char side) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      mac.update(nonce);
      mac.update(ByteBuffer.allocate(6).putInt(rank).putChar(side).array());
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Java lacks HmacSHA256", e);
    }
  }
}
