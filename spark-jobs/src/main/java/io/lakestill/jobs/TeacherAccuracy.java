package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.metric.ClassOrder;
import io.lakestill.metric.ClassOrder.Move;
import io.lakestill.recipe.TeacherCheckSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How right a teacher is on examples whose labels are known, and whether that will do.
 *
 * @param teacher its id
 * @param order what its answers say of it
 * @param settings what is asked of it
 * @param classes the label space, in the order of {@code data.classes}
 * @param labels how the table writes a label
 */
record TeacherAccuracy(
    String teacher,
    ClassOrder order,
    TeacherCheckSettings settings,
    List<String> classes,
    Labels labels)
    implements TeacherCheck.Finding {
  private static final int SHOWN = 10;

  /** What the label column holds. */
  enum Labels {
    NAMES,
    INDICES,
    /** Whatever; the classes are those of the bundle that the teacher is given by. */
    OF_BUNDLE
  }

  @Override
  public String line() {
    if (order.examples() == 0) {
      return "checked on no example: none of the sample can be used";
    }
    return String.format(
        Locale.ROOT,
        "checked on %,d examples: right on %.1f %% (%s)%s",
        order.examples(),
        100 * order.accuracy(),
        settings.accuracyFloor().isPresent()
            ? "floor " + settings.accuracyFloor().getAsDouble()
            : String.format(Locale.ROOT, "chance is %.1f %%", 100 * order.chance()),
        order.conclusive() || settings.asksNothing()
            ? ""
            : "; of fewer than %d nothing is concluded".formatted(ClassOrder.FEWEST));
  }

  @Override
  public void addTo(ObjectNode json) {
    json.put("examples", order.examples())
        .put("accuracy", order.accuracy())
        .put("chance", order.chance());
  }

  /** Why it will not do; empty when it will. */
  Optional<String> refusal() {
    if (settings.asksNothing() || order.examples() == 0) {
      return Optional.empty();
    }
    boolean below =
        settings.accuracyFloor().isPresent()
            ? order.isSurelyBelow(settings.accuracyFloor().getAsDouble())
            : order.noBetterThanChance();
    if (!below && order.moved().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            Locale.ROOT,
            "Teacher '%s' is right on %,d of %,d labelled examples, %.1f %%; %s.%s Nothing was"
                + " taught. To teach it all the same, set its check.accuracy-floor = 0.",
            teacher,
            order.right(),
            order.examples(),
            100 * order.accuracy(),
            floor(below),
            order.moved().isEmpty() ? advice() : exchanged()));
  }

  private String floor(boolean below) {
    if (settings.accuracyFloor().isPresent()) {
      return String.format(
          Locale.ROOT,
          "its check.accuracy-floor is %s%s",
          settings.accuracyFloor().getAsDouble(),
          below ? "" : ", but its classes seem to stand in another order");
    }
    return String.format(
        Locale.ROOT,
        "its answers given to the wrong examples would be right on %.1f %%",
        100 * order.chance());
  }

  private static String advice() {
    return " Is it the teacher of these labels, and are its outputs.logits, its input and the scale"
        + " and normalisation of its features those that it was trained with?";
  }

  private String exchanged() {
    return String.format(
        Locale.ROOT,
        " With its classes in another order it would be right on %,d, %.1f %%: %s. %s",
        order.rightMoved(),
        100.0 * order.rightMoved() / order.examples(),
        order.moved().stream()
                .limit(SHOWN)
                .map(
                    move ->
                        "'%s' is called '%s'"
                            .formatted(classes.get(move.label()), classes.get(move.logit())))
                .collect(Collectors.joining(", "))
            + (order.moved().size() > SHOWN ? " and so on" : ""),
        remedy());
  }

  private String remedy() {
    if (labels == Labels.OF_BUNDLE) {
      return "Its classes are named in its bundle, which data.classes must follow; so either the"
          + " labels here mean others, or those it was trained with did: correct the labels, or"
          + " train and export it again.";
    }
    if (labels == Labels.INDICES) {
      return "Labels and logits are both indices here, so bring the teacher's logits into the order"
          + " of the labels.";
    }
    Map<Integer, Integer> labelOf =
        order.moved().stream().collect(Collectors.toMap(Move::logit, Move::label));
    List<String> inOrder = new ArrayList<>();
    for (int k = 0; k < classes.size(); k++) {
      inOrder.add(classes.get(labelOf.getOrDefault(k, k)));
    }
    if (inOrder.stream().distinct().count() < inOrder.size()) {
      return "Write data.classes in the order of the teacher's logits.";
    }
    return "Write data.classes in the order of its logits: [%s].".formatted(shown(inOrder));
  }

  private static String shown(List<String> names) {
    return names.stream()
        .map(name -> name.matches("[0-9A-Za-z_-]+") ? name : "\"" + name + "\"")
        .collect(Collectors.joining(", "));
  }
}
