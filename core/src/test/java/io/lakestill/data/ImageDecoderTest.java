package io.lakestill.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class ImageDecoderTest {
  private static final FeatureShape GREY = new FeatureShape(1, 2, 3);
  private static final FeatureShape COLOUR = new FeatureShape(3, 2, 3);

  @Test
  void greySamplesArriveAsStored() throws Exception {
    BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_GRAY);
    int[] samples = {0, 1, 50, 128, 200, 255};
    image.getRaster().setPixels(0, 0, 3, 2, samples);

    assertThat(decoded(encoded(image, "png"), GREY)).containsExactly(0, 1, 50, 128, 200, 255);
    assertThat(decoded(encoded(image, "png"), COLOUR))
        .containsExactly(0, 1, 50, 128, 200, 255, 0, 1, 50, 128, 200, 255, 0, 1, 50, 128, 200, 255);
  }

  @Test
  void colourComesChannelsFirstAndBecomesGreyByItsLuma() throws Exception {
    BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB);
    int[] pixels = {0xFF0000, 0x00FF00, 0x0000FF, 0xFFFFFF, 0x102030, 0x000000};
    image.setRGB(0, 0, 3, 2, pixels, 0, 3);

    assertThat(decoded(encoded(image, "png"), COLOUR))
        .containsExactly(255, 0, 0, 255, 16, 0, 0, 255, 0, 255, 32, 0, 0, 0, 255, 255, 48, 0);
    assertThat(decoded(encoded(image, "bmp"), GREY)).containsExactly(76, 150, 29, 255, 29, 0);
  }

  @Test
  void readsJpeg() throws Exception {
    BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setPixels(0, 0, 3, 2, new int[] {90, 90, 90, 90, 90, 90});

    for (float sample : decoded(encoded(image, "jpg"), GREY)) {
      assertThat(sample).isBetween(88f, 92f);
    }
  }

  @Test
  void refusesAnotherSizeBeforeDecoding() throws Exception {
    byte[] wide = encoded(new BufferedImage(5, 2, BufferedImage.TYPE_BYTE_GRAY), "png");

    assertThatThrownBy(() -> decoded(wide, GREY))
        .isInstanceOf(BadFeaturesException.class)
        .hasMessage("the image is 5 wide and 2 high, the shape of the features asks for 3 and 2");
  }

  @Test
  void refusesTransparencyAndSixteenBits() throws Exception {
    byte[] clear = encoded(new BufferedImage(3, 2, BufferedImage.TYPE_INT_ARGB), "png");
    byte[] deep = encoded(new BufferedImage(3, 2, BufferedImage.TYPE_USHORT_GRAY), "png");

    assertThatThrownBy(() -> decoded(clear, COLOUR)).hasMessage("the image has transparent pixels");
    assertThatThrownBy(() -> decoded(deep, GREY))
        .hasMessage("the image has more than 8 bits per sample");
  }

  @Test
  void damagedBytesNeverEscapeAsAnotherException() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB);
    for (String format : new String[] {"png", "jpg", "bmp", "gif"}) {
      byte[] sound = encoded(image, format);
      for (int i = 0; i < 200; i++) {
        byte[] damaged = Arrays.copyOf(sound, 1 + random.nextInt(sound.length));
        damaged[random.nextInt(damaged.length)] ^= (byte) (1 + random.nextInt(255));
        try {
          decoded(damaged, COLOUR);
        } catch (BadFeaturesException expected) {
          assertThat(expected).as("seed %d", seed).hasMessageContaining("image");
        }
      }
    }
    assertThatThrownBy(() -> decoded(new byte[] {1, 2, 3}, GREY))
        .isInstanceOf(BadFeaturesException.class)
        .hasMessage("the bytes are no PNG, JPEG, BMP or GIF image");
  }

  private static float[] decoded(byte[] encoded, FeatureShape shape) throws BadFeaturesException {
    float[] samples = new float[shape.values()];
    ImageDecoder.decode(encoded, shape, samples, 0);
    return samples;
  }

  private static byte[] encoded(BufferedImage image, String format) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    assertThat(ImageIO.write(image, format, bytes)).isTrue();
    return bytes.toByteArray();
  }
}
