package io.lakestill.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class ViewTransformTest {
  private static final int BEFORE = 3;

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final FeatureShape shape =
      new FeatureShape(1 + random.nextInt(3), 3 + random.nextInt(6), 3 + random.nextInt(6));
  private final float[] image = values();

  @RepeatedTest(20)
  void shiftMovesEveryPixelTheSameWayAndFillsWithZero() {
    Shift shift = new Shift(2);
    ViewRandom draws = draws();
    int down = draws.nextInt(5) - 2;
    int right = draws.nextInt(5) - 2;

    float[] moved = applied(shift);

    forEachPixel(
        (c, y, x) -> {
          int row = y - down;
          int column = x - right;
          boolean inside =
              row >= 0 && row < shape.height() && column >= 0 && column < shape.width();
          assertThat(moved[at(c, y, x)])
              .as("seed %d, %s, pixel %d %d %d", seed, shape, c, y, x)
              .isEqualTo(inside ? image[at(c, row, column)] : 0f);
        });
  }

  @RepeatedTest(20)
  void cropMirrorsAtTheBorderWithoutRepeatingIt() {
    ViewRandom draws = draws();
    int top = draws.nextInt(5) - 2;
    int left = draws.nextInt(5) - 2;

    float[] cropped = applied(new Crop(2));

    forEachPixel(
        (c, y, x) ->
            assertThat(cropped[at(c, y, x)])
                .as("seed %d, %s, pixel %d %d %d", seed, shape, c, y, x)
                .isEqualTo(
                    image[
                        at(
                            c,
                            bounced(y + top, shape.height()),
                            bounced(x + left, shape.width()))]));
  }

  /** Walks step by step and turns round at the ends. */
  private static int bounced(int target, int size) {
    int position = 0;
    int direction = target < 0 ? -1 : 1;
    for (int step = 0; step < Math.abs(target); step++) {
      if (position + direction < 0 || position + direction >= size) {
        direction = -direction;
      }
      position += direction;
    }
    return position;
  }

  @Test
  void flipMirrorsRows() {
    float[] flipped = applied(new Flip(1));

    forEachPixel(
        (c, y, x) ->
            assertThat(flipped[at(c, y, x)])
                .as("seed %d", seed)
                .isEqualTo(image[at(c, y, shape.width() - 1 - x)]));
  }

  @Test
  void flipHappensAsOftenAsAsked() {
    int flips = 0;
    for (int i = 0; i < 2000; i++) {
      float[] row = {1, 2};
      new Flip(0.25).apply(row, 0, new FeatureShape(1, 1, 2), new ViewRandom("row" + i, 1, 5));
      flips += row[0] == 2 ? 1 : 0;
    }
    // Four standard errors around 500.
    assertThat(flips).isBetween(422, 578);
  }

  @Test
  void noiseHasTheDeviationAsked() {
    float[] values = new float[50_000];
    new Noise(0.05).apply(values, 0, new FeatureShape(1, 1, values.length), draws());
    double squares = 0;
    for (float value : values) {
      squares += (double) value * value;
    }
    assertThat(Math.sqrt(squares / values.length)).isCloseTo(0.05, within(0.001));
  }

  @Test
  void shiftReachesEveryOffset() {
    FeatureShape dot = new FeatureShape(1, 3, 3);
    Set<Integer> places = new HashSet<>();
    for (int i = 0; i < 300; i++) {
      float[] values = {0, 0, 0, 0, 1, 0, 0, 0, 0};
      new Shift(1).apply(values, 0, dot, new ViewRandom("row" + i, 1, 1));
      for (int place = 0; place < values.length; place++) {
        if (values[place] == 1) {
          places.add(place);
        }
      }
    }
    assertThat(places).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7, 8);
  }

  @Test
  void leavesItsNeighboursAlone() {
    for (ViewTransform transform :
        List.of(
            new Shift(2), new Crop(2), new Flip(1), new Noise(1), new Cutout(3, List.of(0.0)))) {
      float[] row = new float[BEFORE + shape.values() + 2];
      java.util.Arrays.fill(row, 9f);
      transform.apply(row, BEFORE, shape, draws());
      assertThat(new float[] {row[0], row[1], row[2], row[row.length - 2], row[row.length - 1]})
          .as("%s, seed %d, %s", transform, seed, shape)
          .containsOnly(9f);
    }
  }

  @RepeatedTest(20)
  void cutoutFillsASquareAroundADrawnCentreInEveryChannel() {
    int size = 1 + random.nextInt(Math.min(shape.height(), shape.width()));
    List<Double> fill = IntStream.range(0, shape.channels()).mapToObj(c -> -0.5 * (c + 1)).toList();
    ViewRandom draws = draws();
    int top = draws.nextInt(shape.height()) - size / 2;
    int left = draws.nextInt(shape.width()) - size / 2;

    float[] cut = applied(new Cutout(size, fill));

    forEachPixel(
        (c, y, x) -> {
          boolean inside = y >= top && y < top + size && x >= left && x < left + size;
          assertThat(cut[at(c, y, x)])
              .as("seed %d, %s, size %d, pixel %d %d %d", seed, shape, size, c, y, x)
              .isEqualTo(inside ? -0.5f * (c + 1) : image[at(c, y, x)]);
        });
  }

  @Test
  void cutoutReachesEveryPixelAndIsCutOffAtTheBorders() {
    FeatureShape square = new FeatureShape(1, 4, 4);
    Set<Integer> places = new HashSet<>();
    Set<Integer> areas = new HashSet<>();
    for (int i = 0; i < 400; i++) {
      float[] values = new float[16];
      new Cutout(3, List.of(1.0)).apply(values, 0, square, new ViewRandom("row" + i, 1, 1));
      int area = 0;
      for (int place = 0; place < values.length; place++) {
        if (values[place] == 1) {
          places.add(place);
          area++;
        }
      }
      areas.add(area);
    }
    assertThat(places).hasSize(16);
    assertThat(areas).containsExactlyInAnyOrder(4, 6, 9);
  }

  private interface Pixel {
    void check(int channel, int row, int column);
  }

  private void forEachPixel(Pixel pixel) {
    for (int c = 0; c < shape.channels(); c++) {
      for (int y = 0; y < shape.height(); y++) {
        for (int x = 0; x < shape.width(); x++) {
          pixel.check(c, y, x);
        }
      }
    }
  }

  private int at(int channel, int row, int column) {
    return (channel * shape.height() + row) * shape.width() + column;
  }

  private float[] applied(ViewTransform transform) {
    float[] padded = new float[BEFORE + image.length];
    System.arraycopy(image, 0, padded, BEFORE, image.length);
    transform.apply(padded, BEFORE, shape, draws());
    return java.util.Arrays.copyOfRange(padded, BEFORE, padded.length);
  }

  private ViewRandom draws() {
    return new ViewRandom("sample", 1, seed);
  }

  private float[] values() {
    float[] values = new float[shape.values()];
    for (int i = 0; i < values.length; i++) {
      values[i] = i + 1;
    }
    return values;
  }
}
