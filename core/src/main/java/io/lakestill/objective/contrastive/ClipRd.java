package io.lakestill.objective.contrastive;

import io.lakestill.error.Errors;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Head;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.InitialValues;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.contrastive.PairLogits.Side;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.recipe.Settings;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * CLIP-RD: a small two-tower model learns from a large one by relations within and across towers.
 *
 * <p>{@code u, w}: the student's image and text rows, projected where widths differ, of unit
 * length; {@code U, W}: the teacher's rows as given. {@code CE(A)} is the mean row cross-entropy
 * with the diagonal, {@code KL(A <- Q)} the mean row {@code KL(softmax(Q) || softmax(A))} with Q
 * constant; {@code s = exp(log_scale)}, {@code c, i, t} the raw multipliers cross, image and text
 * scale.
 *
 * <ul>
 *   <li>{@code task = [CE(s u w') + CE(s w u')]/2}
 *   <li>{@code hrd = [KL(s u w' <- T U W') + KL(s w u' <- T W U')]/2}
 *   <li>{@code icl = [CE(c u W') + CE(c w U')]/2}
 *   <li>{@code fd = mean (u - U)^2 + mean (w - W)^2}
 *   <li>{@code vrd_kl = [KL(i U u' <- t W w') + KL(i u U' <- t w W')]/2}
 *   <li>{@code vrd_ce_image = [CE(i U u') + CE(i u U')]/2}, {@code vrd_ce_text} likewise with t
 *   <li>{@code xrd = [KL(a <- b) + KL(b <- a) + KL(d <- e) + KL(e <- d)]/4}, {@code a = c U w'},
 *       {@code b = c W u'}, {@code d = c w U'}, {@code e = c u W'}
 * </ul>
 *
 * <p>{@code loss = task + weight-hrd hrd + weight-icl icl + weight-fd fd + weight-vrd (the three
 * vrd) + weight-xrd xrd}; the parts are reported with their weights.
 *
 * <p>Shapes: {@code student.image, student.text: [batch, width]}, {@code teacher.image,
 * teacher.text: [batch, out]}; {@code weight.log_scale, weight.cross_scale, weight.image_scale,
 * weight.text_scale: [1]}; {@code weight.image_projection, weight.text_projection: [out, width]}
 * with {@code bias}, which {@code projection = none} leaves out where the widths agree. In
 * distributed training the batch is one worker's part.
 *
 * <p>Source: Chung et al., "CLIP-RD", 2026; Rosieyang01/CLIP-RD {@code open_clip/loss.py}.
 */
public final class ClipRd implements Objective {
  private static final long serialVersionUID = 1L;

  /** How the student's towers come to the teacher's width. */
  enum Projection {
    LINEAR,
    /** They have it. */
    NONE
  }

  /** The factors of the terms beside the task. */
  record Weights(
      double hrd, double icl, double fd, double vrdKl, double vrdImage, double vrdText, double xrd)
      implements java.io.Serializable {}

  private static final List<String> SCALES =
      List.of("weight.log_scale", "weight.cross_scale", "weight.image_scale", "weight.text_scale");

  private final boolean projected;
  private final Weights weights;
  private final double teacherScale;
  private final TowerSide image = new TowerSide("student.image", "image_projection");
  private final TowerSide text = new TowerSide("student.text", "text_projection");
  private final PairLogits pairs = new PairLogits();
  private final Map<String, Double> parts = new TreeMap<>();
  private final double[] byTask = new double[1];
  private final double[] byCross = new double[1];
  private final double[] byImage = new double[1];
  private final double[] byText = new double[1];
  private transient double[] teacherImage;
  private transient double[] teacherText;

  ClipRd(Projection projection, Weights weights, double teacherScale) {
    this.projected = projection == Projection.LINEAR;
    this.weights = weights;
    this.teacherScale = Rule.positive("teacher-scale", teacherScale);
  }

  @Override
  public Requirements requires() {
    Requirements towers =
        Requirements.of("student.image", "student.text", "teacher.image", "teacher.text")
            .and(Requirements.of(SCALES));
    return projected
        ? towers.and(
            Requirements.of(
                "weight.image_projection",
                "bias.image_projection",
                "weight.text_projection",
                "bias.text_projection"))
        : towers;
  }

  /** All scales start at {@code log(1 / 0.07)}, of which only the task's is an exponent. */
  @Override
  public Equipment equip(Dimensions dimensions) {
    int out = dimensions.channels("teacher.image");
    InitialValues scale = new InitialValues.Constant(Math.log(1 / 0.07));
    Equipment scales =
        new Equipment(
            SCALES.stream().map(name -> new Head(name, List.of(1), scale)).toList(),
            List.of(),
            List.of());
    if (projected) {
      return scales.and(image.equip(dimensions, out)).and(text.equip(dimensions, out));
    }
    for (String tower : List.of("student.image", "student.text")) {
      if (dimensions.channels(tower) != out) {
        throw Errors.badRecipe(
            "clip-rd: '%s' has %d values and the teacher %d; set projection = linear."
                .formatted(tower, dimensions.channels(tower), out));
      }
    }
    return scales;
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor images = batch.finite("teacher.image");
    teacherImage = Doubles.of(images, teacherImage);
    teacherText = Doubles.of(batch.finite("teacher.text"), teacherText);
    Side u = image.read(batch);
    Side w = text.read(batch);
    Side bigU = new Side(teacherImage, new double[0]);
    Side bigW = new Side(teacherText, new double[0]);
    pairs.shape(batch.rows(), images.width());
    double s = Math.exp(batch.finite("weight.log_scale").at(0));
    double c = batch.finite("weight.cross_scale").at(0);
    double i = batch.finite("weight.image_scale").at(0);
    double t = batch.finite("weight.text_scale").at(0);
    byTask[0] = 0;
    byCross[0] = 0;
    byImage[0] = 0;
    byText[0] = 0;

    parts.put("task", contrast(0.5, s, u, w, byTask) + contrast(0.5, s, w, u, byTask));
    double hrd = 0.5 * weights.hrd;
    double there = pairs.towards(teacherScale, bigU, bigW).divergence(hrd, s, u, w, byTask);
    double back = pairs.towards(teacherScale, bigW, bigU).divergence(hrd, s, w, u, byTask);
    parts.put("hrd", there + back);
    double icl = 0.5 * weights.icl;
    parts.put("icl", contrast(icl, c, u, bigW, byCross) + contrast(icl, c, w, bigU, byCross));
    parts.put(
        "fd", distance(u, bigU, batch.rows(), images) + distance(w, bigW, batch.rows(), images));
    double vrd = 0.5 * weights.vrdKl;
    there = pairs.towards(t, bigW, w).divergence(vrd, i, bigU, u, byImage);
    back = pairs.towards(t, w, bigW).divergence(vrd, i, u, bigU, byImage);
    parts.put("vrd_kl", there + back);
    vrd = 0.5 * weights.vrdImage;
    parts.put(
        "vrd_ce_image", contrast(vrd, i, bigU, u, byImage) + contrast(vrd, i, u, bigU, byImage));
    vrd = 0.5 * weights.vrdText;
    parts.put("vrd_ce_text", contrast(vrd, t, bigW, w, byText) + contrast(vrd, t, w, bigW, byText));
    parts.put("xrd", across(c, bigU, w, bigW, u) + across(c, w, bigU, u, bigW));

    image.backward(gradients);
    text.backward(gradients);
    gradients.of("weight.log_scale").data()[0] += (float) (byTask[0] * s);
    gradients.of("weight.cross_scale").data()[0] += (float) byCross[0];
    gradients.of("weight.image_scale").data()[0] += (float) byImage[0];
    gradients.of("weight.text_scale").data()[0] += (float) byText[0];
    return parts.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  private double contrast(double weight, double scale, Side x, Side y, double[] byScale) {
    return pairs.towardsDiagonal().divergence(weight, scale, x, y, byScale);
  }

  /** Both directions between {@code c X Y'} and {@code c P Q'}. */
  private double across(double c, Side x, Side y, Side p, Side q) {
    double weight = 0.25 * weights.xrd;
    return pairs.towards(c, p, q).divergence(weight, c, x, y, byCross)
        + pairs.towards(c, x, y).divergence(weight, c, p, q, byCross);
  }

  private double distance(Side student, Side teacher, int rows, Tensor like) {
    int size = rows * like.width();
    double sum = 0;
    for (int i = 0; i < size; i++) {
      double difference = student.rows()[i] - teacher.rows()[i];
      sum += weights.fd * difference * difference / size;
      student.slope()[i] += 2 * weights.fd * difference / size;
    }
    return sum;
  }

  @Override
  public Map<String, Double> parts() {
    return Map.copyOf(parts);
  }

  /** Finds {@link ClipRd} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "clip-rd";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double hrd = options.number("weight-hrd");
      double icl = options.number("weight-icl");
      double fd = options.number("weight-fd");
      double vrd = options.number("weight-vrd");
      double xrd = options.number("weight-xrd");
      double teacherScale = options.number("teacher-scale");
      Projection projection = options.choice("projection", Projection.class);
      return options.build(
          () ->
              new ClipRd(projection, new Weights(hrd, icl, fd, vrd, vrd, vrd, xrd), teacherScale));
    }
  }
}
