package io.lakestill.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that somebody made to do harm, or that a disk has damaged. */
class PoisonedImagesTest {
  private static final FeatureShape SHAPE = new FeatureShape(3, 24, 32);
  private static final FeatureShape SMALL = new FeatureShape(3, 2, 3);
  private static final Duration AT_ONCE = Duration.ofSeconds(2);

  private final long seed = System.nanoTime();

  @Test
  void refusesFiftyThousandPixelsSquareByTheHeader() throws Exception {
    byte[] bomb = png(50_000, 50_000, new byte[10]);

    assertThatThrownBy(() -> decode(bomb, SHAPE))
        .isInstanceOf(BadFeaturesException.class)
        .hasMessageStartingWith("the image is 50000 wide and 50000 high, ");
  }

  @Test
  void refusesAnImageWithoutPixels() throws Exception {
    assertRefused(png(0, 0, new byte[0]), SHAPE, "");
    byte[] flat = png(32, 24, new byte[0]);
    assertRefused(flat, SHAPE, "the image cannot be decoded");
  }

  /** Ten gigabytes could be in as little, and would be read by whoever looks at the texts. */
  @Test
  void doesNotInflateTheTextsOfAPng() throws Exception {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    text.write("Comment\0\0".getBytes(StandardCharsets.ISO_8859_1));
    text.write(deflated(new byte[300_000_000]));
    byte[] bomb = png(3, 2, new byte[2 * (1 + 3 * 3)], new Chunk("zTXt", text.toByteArray()));
    assertThat(bomb).hasSizeLessThan(400_000);

    float[] samples = Assertions.assertTimeout(AT_ONCE, () -> decode(bomb, SMALL));

    assertThat(samples).containsOnly(0);
  }

  @Test
  void seesTransparencyThatAPngDeclaresForOneColour() throws Exception {
    byte[] clear = png(3, 2, new byte[2 * (1 + 3 * 3)], new Chunk("tRNS", new byte[6]));

    assertRefused(clear, SMALL, "the image has transparent pixels");
  }

  @Test
  void inflatesNoMoreThanThePixelsOfAPng() throws Exception {
    byte[] bomb = png(3, 2, new byte[100_000_000]);

    float[] samples = Assertions.assertTimeout(AT_ONCE, () -> decode(bomb, SMALL));

    assertThat(samples).containsOnly(0);
  }

  /** The reader would fill the rest with grey and say nothing but a warning. */
  @ParameterizedTest
  @ValueSource(strings = {"png", "jpg", "bmp", "gif"})
  void aTruncatedImageIsRefusedWhereverItEnds(String format) throws Exception {
    byte[] whole = encoded(noise(), format);
    float[] samples = decode(whole, SHAPE);

    int refused = 0;
    for (int length = 1; length < whole.length; length += 7) {
      byte[] cut = Arrays.copyOf(whole, length);
      try {
        assertThat(decode(cut, SHAPE))
            .as("seed %d, %d of %d bytes", seed, length, whole.length)
            .containsExactly(samples);
      } catch (BadFeaturesException expected) {
        refused++;
      }
    }

    assertThat(refused).isGreaterThan(whole.length / 7 - 10);
  }

  @Test
  void saysThatAJpegEndsTooEarly() throws Exception {
    byte[] whole = encoded(noise(), "jpg");

    assertRefused(
        Arrays.copyOf(whole, whole.length - 40),
        SHAPE,
        "the image cannot be decoded: Truncated File - Missing EOI marker");
  }

  @Test
  void refusesAJpegOfFourChannels() throws Exception {
    WritableRaster four = Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, 3, 2, 4, null);
    four.setPixels(0, 0, 3, 2, Arrays.stream(new int[24]).map(zero -> 255).toArray());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(four, null, null), null);
    } finally {
      writer.dispose();
    }
    byte[] plain = bytes.toByteArray();

    assertRefused(plain, SMALL, "the image has four colour channels (CMYK?), not three");
    assertRefused(withAdobeMarker(plain), SMALL, "the image");
  }

  /** As Photoshop writes CMYK: behind the start of the image, a marker of its own. */
  private static byte[] withAdobeMarker(byte[] jpeg) {
    byte[] adobe = {
      (byte) 0xFF, (byte) 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0
    };
    ByteBuffer marked = ByteBuffer.allocate(jpeg.length + adobe.length);
    return marked.put(jpeg, 0, 2).put(adobe).put(jpeg, 2, jpeg.length - 2).array();
  }

  @Test
  void refusesAnAnimation() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.prepareWriteSequence(null);
      for (int frame = 0; frame < 3; frame++) {
        writer.writeToSequence(new IIOImage(noise(), null, delay(writer)), null);
      }
      writer.endWriteSequence();
    } finally {
      writer.dispose();
    }

    assertRefused(bytes.toByteArray(), SHAPE, "the image is an animation");
  }

  private IIOMetadata delay(ImageWriter writer) throws IOException {
    IIOMetadata metadata =
        writer.getDefaultImageMetadata(ImageTypeSpecifier.createFromRenderedImage(noise()), null);
    IIOMetadataNode root =
        (IIOMetadataNode) metadata.getAsTree(metadata.getNativeMetadataFormatName());
    ((IIOMetadataNode) root.getElementsByTagName("GraphicControlExtension").item(0))
        .setAttribute("delayTime", "5");
    metadata.setFromTree(metadata.getNativeMetadataFormatName(), root);
    return metadata;
  }

  @Test
  void refusesABmpAroundAnotherImageWhateverThatDeclares() throws Exception {
    byte[] inner = png(50_000, 50_000, new byte[10]);
    ByteBuffer bmp = ByteBuffer.allocate(54 + inner.length).order(ByteOrder.LITTLE_ENDIAN);
    bmp.put((byte) 'B').put((byte) 'M').putInt(54 + inner.length).putInt(0).putInt(54);
    bmp.putInt(40).putInt(3).putInt(2).putShort((short) 1).putShort((short) 0);
    bmp.putInt(5).putInt(Integer.MAX_VALUE - 100).putInt(0).putInt(0).putInt(0).putInt(0);
    bmp.put(inner);

    assertRefused(bmp.array(), SMALL, "the image is a BMP around an image of another format");
  }

  @Test
  void refusesOtherFormatsAlthoughThisJvmReadsThem() throws Exception {
    assertRefused(encoded(noise(), "tiff"), SHAPE, "the bytes are no PNG, JPEG, BMP or GIF image");
  }

  /** What comes after a picture is not looked at: neither a ZIP archive nor a script. */
  @ParameterizedTest
  @ValueSource(strings = {"png", "jpg", "bmp", "gif"})
  void somethingElseBehindAnImageChangesNothing(String format) throws Exception {
    byte[] image = encoded(noise(), format);
    byte[] both = Arrays.copyOf(image, image.length + 500);
    new Random(seed).nextBytes(both);
    System.arraycopy(image, 0, both, 0, image.length);
    both[image.length] = 'P';
    both[image.length + 1] = 'K';

    assertThat(decode(both, SHAPE)).as("seed %d", seed).containsExactly(decode(image, SHAPE));
  }

  @Test
  void refusesMoreBytesThanAPictureOfThatSizeCanNeed() throws Exception {
    byte[] huge = Arrays.copyOf(encoded(noise(), "png"), (64 << 20) + 8 * 24 * 32 + 1);

    assertRefused(
        huge,
        SHAPE,
        "the image has 67115009 bytes, one of 32 by 24 pixels must not have more than 67115008");
  }

  @Test
  void tellsTheSizeOfAnImageThatWasLeftInItsTable() {
    byte[] standIn = (OversizeImage.STAND_IN + "200000080").getBytes(StandardCharsets.US_ASCII);

    assertRefused(
        standIn,
        SHAPE,
        "the image has 200000080 bytes, one of 32 by 24 pixels must not have more than 67115008");
    assertRefused(
        (OversizeImage.STAND_IN + "many").getBytes(StandardCharsets.US_ASCII), SHAPE, "no PNG");
    assertRefused(
        (OversizeImage.STAND_IN + "12").getBytes(StandardCharsets.US_ASCII), SHAPE, "no PNG");
  }

  private void assertRefused(byte[] bytes, FeatureShape shape, String reason) {
    assertThatThrownBy(() -> decode(bytes, shape))
        .as("seed %d", seed)
        .isInstanceOf(BadFeaturesException.class)
        .hasMessageContaining(reason);
  }

  private BufferedImage noise() {
    Random random = new Random(seed);
    BufferedImage image = new BufferedImage(32, 24, BufferedImage.TYPE_INT_RGB);
    for (int pixel = 0; pixel < 32 * 24; pixel++) {
      image.setRGB(pixel % 32, pixel / 32, random.nextInt(0x1000000));
    }
    return image;
  }

  private static float[] decode(byte[] encoded, FeatureShape shape) throws BadFeaturesException {
    float[] samples = new float[shape.values()];
    ImageDecoder.decode(encoded, shape, samples, 0);
    return samples;
  }

  private static byte[] encoded(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    assertThat(ImageIO.write(image, format, bytes)).isTrue();
    return bytes.toByteArray();
  }

  private record Chunk(String type, byte[] content) {
    void writeTo(DataOutputStream out) throws IOException {
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      body.write(type.getBytes(StandardCharsets.US_ASCII));
      body.write(content);
      CRC32 sum = new CRC32();
      sum.update(body.toByteArray());
      out.writeInt(content.length);
      out.write(body.toByteArray());
      out.writeInt((int) sum.getValue());
    }
  }

  /** A PNG of 8-bit colours that declares what it likes. */
  private static byte[] png(int width, int height, byte[] rows, Chunk... more) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeLong(0x89504E470D0A1A0AL);
    ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height);
    new Chunk("IHDR", header.put((byte) 8).put((byte) 2).array()).writeTo(out);
    for (Chunk chunk : more) {
      chunk.writeTo(out);
    }
    new Chunk("IDAT", deflated(rows)).writeTo(out);
    new Chunk("IEND", new byte[0]).writeTo(out);
    return bytes.toByteArray();
  }

  private static byte[] deflated(byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DeflaterOutputStream out = new DeflaterOutputStream(bytes)) {
      out.write(content);
    }
    return bytes.toByteArray();
  }
}
