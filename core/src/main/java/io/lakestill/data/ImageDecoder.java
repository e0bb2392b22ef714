package io.lakestill.data;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes PNG, JPEG, BMP and GIF into unsigned 8-bit samples, channels first.
 *
 * <p>A coloured image becomes grey by the luma of ITU-R BT.601 ({@code 0.299 R + 0.587 G + 0.114
 * B}, rounded); a grey one becomes coloured by repetition. The header is read first: an image of
 * another size is refused before any memory is spent on its pixels.
 */
final class ImageDecoder {
  private ImageDecoder() {}

  /**
   * @param samples receives {@code shape.values()} samples in [0, 255] from {@code offset} on
   * @throws BadFeaturesException when the bytes are no image, or one of another size, of more than
   *     eight bits a sample, with several frames or with transparency
   */
  static void decode(byte[] encoded, FeatureShape shape, float[] samples, int offset)
      throws BadFeaturesException {
    // A stream in memory: the default one may write each image to a temporary file.
    try (var stream = new MemoryCacheImageInputStream(new ByteArrayInputStream(encoded))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(stream);
      if (!readers.hasNext()) {
        throw new BadFeaturesException("the bytes are no PNG, JPEG, BMP or GIF image");
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(stream);
        checkHeader(reader, shape);
        copy(reader.read(0), shape, samples, offset);
      } finally {
        reader.dispose();
      }
    } catch (IOException | RuntimeException e) {
      // The readers of the JDK meet damaged bytes with runtime exceptions, too.
      throw new BadFeaturesException("the image cannot be decoded: " + e.getMessage(), e);
    }
  }

  private static void checkHeader(ImageReader reader, FeatureShape shape)
      throws IOException, BadFeaturesException {
    int width = reader.getWidth(0);
    int height = reader.getHeight(0);
    if (width != shape.width() || height != shape.height()) {
      throw new BadFeaturesException(
          "the image is %d wide and %d high, data.features.shape asks for %d and %d"
              .formatted(width, height, shape.width(), shape.height()));
    }
    if (reader.getFormatName().equalsIgnoreCase("gif") && reader.getNumImages(true) != 1) {
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
