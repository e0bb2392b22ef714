package io.lakestill.data;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The expected hashes were computed with Python's hashlib. */
class RawFeaturesTest {
  @Test
  void hashesBytesAsTheyAre() {
    byte[] values = {0, 1, 127, (byte) 128, (byte) 255};

    assertThat(new RawFeatures.Bytes(values).contentHash())
        .isEqualTo("0150a92bb1212cd00516b65fde070461");
  }

  @Test
  void hashesFloatsInLittleEndian() {
    assertThat(new RawFeatures.Floats(new float[] {0.5f, -1.25f, 16f}).contentHash())
        .isEqualTo("e08d3016cadcd7eb8b14196b6abf6409");
  }
}
