package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.signal.SignalColumn;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How far what signal files hold lies from what the teacher says when it is asked again, beside how
 * far it then lies from itself in batches of another size.
 *
 * @param rows how many were compared
 * @param sameClass of how many the highest logit is the same
 * @param sameClassOfControl of how many it is, of the teacher and itself
 * @param signals each signal
 */
record StoredAgreement(int rows, int sameClass, int sameClassOfControl, List<Signal> signals)
    implements TeacherCheck.Finding, Serializable {
  private static final long serialVersionUID = 1L;

  /** Of the largest value of all rows: what sums of floats that cancel out may leave. */
  private static final double CANCELLED = 1e-6;

  /** The control is one draw; its largest difference is no bound. */
  private static final double CONTROLS = 8;

  /**
   * @param difference the largest between file and teacher
   * @param control the largest between teacher and itself
   * @param unexplained the largest that, of each row by itself, codec and rounding do not explain
   * @param largest the largest value that the teacher says
   */
  record Signal(String name, double difference, double control, double unexplained, double largest)
      implements Serializable {
    private static final long serialVersionUID = 1L;

    private boolean differs() {
      return !(unexplained <= CONTROLS * control + CANCELLED * largest);
    }

    private Signal with(Signal other) {
      return new Signal(
          name,
          Math.max(difference, other.difference),
          Math.max(control, other.control),
          Math.max(unexplained, other.unexplained),
          Math.max(largest, other.largest));
    }

    private String shown() {
      return String.format(Locale.ROOT, "%s %.2g (%.2g)", name, difference, control);
    }
  }

  StoredAgreement {
    signals = List.copyOf(signals);
  }

  /** Of no row. */
  static StoredAgreement none(List<SignalColumn> columns) {
    return new StoredAgreement(
        0, 0, 0, columns.stream().map(column -> new Signal(column.name(), 0, 0, 0, 0)).toList());
  }

  StoredAgreement with(StoredAgreement other) {
    List<Signal> both = new ArrayList<>();
    for (int k = 0; k < signals.size(); k++) {
      both.add(signals.get(k).with(other.signals.get(k)));
    }
    return new StoredAgreement(
        rows + other.rows,
        sameClass + other.sameClass,
        sameClassOfControl + other.sameClassOfControl,
        both);
  }

  @Override
  public String line() {
    return String.format(
        Locale.ROOT,
        "files against the teacher on %,d examples: same class %.1f %% (the teacher with itself in"
            + " other batches %.1f %%), largest difference %s",
        rows,
        percent(sameClass),
        percent(sameClassOfControl),
        signals.stream().map(Signal::shown).collect(Collectors.joining(", ")));
  }

  private double percent(int count) {
    return rows == 0 ? 0 : 100.0 * count / rows;
  }

  @Override
  public void addTo(ObjectNode json) {
    json.put("compared", rows)
        .put("same_class", percent(sameClass) / 100)
        .put("same_class_control", percent(sameClassOfControl) / 100);
    ObjectNode differences = json.putObject("differences");
    for (Signal signal : signals) {
      differences
          .putObject(signal.name())
          .put("largest", signal.difference())
          .put("control", signal.control());
    }
  }

  /** What differs by more than codec and control explain; empty when nothing does. */
  Optional<String> fault() {
    List<String> faults =
        signals.stream()
            .filter(Signal::differs)
            .map(
                signal ->
                    String.format(
                        Locale.ROOT,
                        "%s by %.3g, of which its codec and rounding explain all but %.3g, and the"
                            + " teacher differs from itself by %.3g",
                        signal.name(),
                        signal.difference(),
                        signal.unexplained(),
                        signal.control()))
            .toList();
    return faults.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", faults));
  }
}
