package io.lakestill.data;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes PNG, JPEG, BMP and GIF into unsigned 8-bit samples, channels first.
 *
 * <p>A coloured image becomes grey by the luma of ITU-R BT.601 ({@code 0.299 R + 0.587 G + 0.114
 * B}, rounded); a grey one becomes coloured by repetition. The header is read first: an image of
 * another size is refused before any memory is spent on its pixels, and nothing that a file merely
 * declares is allocated. What the readers of the JDK only warn about, such as the lower half of a
 * JPEG that ends too early, is refused too.
 */
final class ImageDecoder {
  private static final Set<String> FORMATS = Set.of("png", "jpeg", "bmp", "gif");

  private static final int BMP_HEADER_SIZE = 14;
  private static final int BMP_COMPRESSION = 30;
  private static final int BMP_HOLDS_JPEG = 4;

  private ImageDecoder() {}

  /**
   * @param samples receives {@code shape.values()} samples in [0, 255] from {@code offset} on
   * @throws BadFeaturesException when the bytes are no image, or one of another size, of more than
   *     eight bits a sample, with several frames, with transparency or in CMYK, or are damaged
   */
  static void decode(byte[] encoded, FeatureShape shape, float[] samples, int offset)
      throws BadFeaturesException {
    checkBytes(encoded, shape);
    // A stream in memory: the default one may write each image to a temporary file.
    try (var stream = new MemoryCacheImageInputStream(new ByteArrayInputStream(encoded))) {
      ImageReader reader = reader(stream);
      List<String> warnings = new ArrayList<>();
      reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
      try {
        // The texts of a PNG are compressed: a few bytes can become gigabytes.
        reader.setInput(stream, false, format(reader).equals("png"));
        checkHeader(reader, shape);
        BufferedImage image = reader.read(0);
        checkWhole(warnings);
        if (format(reader).equals("jpeg") && image.getRaster().getNumBands() > 3) {
          throw new BadFeaturesException("the image has four colour channels (CMYK?), not three");
        }
        copy(image, shape, samples, offset);
      } finally {
        reader.dispose();
      }
    } catch (IOException | RuntimeException e) {
      // The readers of the JDK meet damaged bytes with runtime exceptions, too.
      throw new BadFeaturesException("the image cannot be decoded: " + e.getMessage(), e);
    }
  }

  private static void checkBytes(byte[] encoded, FeatureShape shape) throws BadFeaturesException {
    long bytes = OversizeImage.standsFor(encoded).orElse(encoded.length);
    long most = OversizeImage.mostBytes(shape);
    if (bytes > most) {
      throw new BadFeaturesException(
          "the image has %d bytes, one of %d by %d pixels must not have more than %d"
              .formatted(bytes, shape.width(), shape.height(), most));
    }
    // Of the image inside, the reader would believe any size.
    if (encoded.length > BMP_COMPRESSION
        && encoded[0] == 'B'
        && encoded[1] == 'M'
        && encoded[BMP_HEADER_SIZE] >= 40 // Older ones know no compression.
        && encoded[BMP_COMPRESSION] >= BMP_HOLDS_JPEG) {
      throw new BadFeaturesException("the image is a BMP around an image of another format");
    }
  }

  /** TIFF and what else the JVM may have readers of are not among the formats. */
  private static ImageReader reader(MemoryCacheImageInputStream stream)
      throws BadFeaturesException {
    for (Iterator<ImageReader> found = ImageIO.getImageReaders(stream); found.hasNext(); ) {
      ImageReader reader = found.next();
      try {
        if (FORMATS.contains(format(reader))) {
          return reader;
        }
      } catch (IOException e) {
        continue;
      }
    }
    throw new BadFeaturesException("the bytes are no PNG, JPEG, BMP or GIF image");
  }

  private static String format(ImageReader reader) throws IOException {
    return reader.getFormatName().toLowerCase(Locale.ROOT);
  }

  /** Where a JPEG lacks data the reader makes it up, and warns. */
  private static void checkWhole(List<String> warnings) throws BadFeaturesException {
    for (String warning : warnings) {
      boolean madeUp =
          warning.contains("Truncated")
              || warning.contains("Premature")
              || (warning.contains("Corrupt") && !warning.contains("extraneous bytes"));
      if (madeUp) {
        throw new BadFeaturesException("the image cannot be decoded: " + warning);
      }
    }
  }

  private static void checkHeader(ImageReader reader, FeatureShape shape)
      throws IOException, BadFeaturesException {
    int width = reader.getWidth(0);
    int height = reader.getHeight(0);
    if (width != shape.width() || height != shape.height()) {
      throw new BadFeaturesException(
          "the image is %d wide and %d high, the shape of the features asks for %d and %d"
              .formatted(width, height, shape.width(), shape.height()));
    }
    if (format(reader).equals("gif") && reader.getNumImages(true) != 1) {
      throw new BadFeaturesException("the image is an animation");
    }
  }

  private static void copy(BufferedImage image, FeatureShape shape, float[] samples, int offset)
      throws BadFeaturesException {
    boolean indexed = image.getColorModel() instanceof IndexColorModel;
    if (!indexed && image.getRaster().getTransferType() == DataBuffer.TYPE_USHORT) {
      throw new BadFeaturesException("the image has more than 8 bits per sample");
    }
    int[] argb = new int[shape.plane()];
    // Grey samples are taken as stored: getRGB would convert them from a linear grey space.
    if (!indexed && image.getRaster().getNumBands() <= 2) {
      greyAsRgb(image.getRaster(), shape, argb);
    } else {
      image.getRGB(0, 0, shape.width(), shape.height(), argb, 0, shape.width());
    }
    int plane = shape.plane();
    for (int i = 0; i < plane; i++) {
      int red = (argb[i] >> 16) & 0xFF;
      int green = (argb[i] >> 8) & 0xFF;
      int blue = argb[i] & 0xFF;
      if ((argb[i] >>> 24) != 0xFF) {
        throw new BadFeaturesException("the image has transparent pixels");
      }
      if (shape.channels() == 1) {
        int luma = (299 * red + 587 * green + 114 * blue + 500) / 1000;
        samples[offset + i] = luma;
      } else {
        samples[offset + i] = red;
        samples[offset + plane + i] = green;
        samples[offset + 2 * plane + i] = blue;
      }
    }
  }

  private static void greyAsRgb(Raster raster, FeatureShape shape, int[] argb) {
    boolean alpha = raster.getNumBands() == 2;
    for (int y = 0; y < shape.height(); y++) {
      for (int x = 0; x < shape.width(); x++) {
        int grey = raster.getSample(x, y, 0);
        int opacity = alpha ? raster.getSample(x, y, 1) : 0xFF;
        argb[y * shape.width() + x] = opacity << 24 | grey << 16 | grey << 8 | grey;
      }
    }
  }
}
