package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.jobs.PackReport.Finding;
import io.lakestill.objective.Requirements;
import io.lakestill.signal.codec.Codec;
import io.lakestill.train.RowLayout;
import io.lakestill.train.RowLayout.Slot;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;

/**
 * Copies what the teachers said of every view of an example into the targets of those views, or
 * says why it cannot.
 *
 * <p>A view, as {@link SignalRows} gives it: {@code view_id, rows, content_hash of each teacher,
 * value of each slot}. A hash is null where that teacher said nothing.
 *
 * @param targets the layout of a target row, label first
 * @param teachers the ids of the teachers
 * @param codecs how the value of each slot is stored; of an expression nothing is
 * @param kept what to take of each signal that is stored by {@code topk}
 * @param rowWeights the expressions that weigh rows
 */
record SignalPairing(
    RowLayout targets,
    List<String> teachers,
    List<Codec> codecs,
    Map<String, KeptLogits> kept,
    Set<String> rowWeights)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  private static final int VIEW_ID = 0;
  private static final int ROWS = 1;
  private static final int FIRST_HASH = 2;

  /**
   * What is wrong with the signals of an example.
   *
   * @param shown the example, with the teacher or the view if there is more than one
   */
  record Fault(Finding finding, String shown) {}

  /** The slots that signals fill. */
  private List<Slot> slots() {
    return targets.slots().subList(1, targets.slots().size());
  }

  /**
   * @param said one element per view that any teacher spoke of
   * @param views of the example, from 0; what was said of others is not used
   * @param target {@code [views, target width]}, filled here but for the labels
   * @return empty when every view has every signal
   */
  Optional<Fault> pair(ArrayData said, String id, String contentHash, int views, float[] target) {
    boolean[] filled = new boolean[views];
    int found = 0;
    for (int i = 0; i < said.numElements(); i++) {
      InternalRow signals = said.getStruct(i, FIRST_HASH + teachers.size() + slots().size());
      int view = signals.getInt(VIEW_ID);
      Optional<Fault> other = otherContent(signals, id, contentHash);
      if (other.isPresent()) {
        return other;
      }
      if (view >= views) {
        continue;
      }
      if (filled[view] || signals.getInt(ROWS) > 1) {
        return Optional.of(new Fault(Finding.TWICE, id));
      }
      Optional<Fault> fault = missing(signals, id).or(() -> fill(signals, id, view, target));
      if (fault.isPresent()) {
        return fault;
      }
      filled[view] = true;
      found++;
    }
    return found < views ? Optional.of(new Fault(Finding.NO_SIGNALS, id)) : Optional.empty();
  }

  private Optional<Fault> otherContent(InternalRow signals, String id, String contentHash) {
    for (int t = 0; t < teachers.size(); t++) {
      int hash = FIRST_HASH + t;
      if (!signals.isNullAt(hash) && !signals.getUTF8String(hash).toString().equals(contentHash)) {
        return Optional.of(new Fault(Finding.OTHER_CONTENT, of(id, t)));
      }
    }
    return Optional.empty();
  }

  private Optional<Fault> missing(InternalRow signals, String id) {
    for (int t = 0; t < teachers.size(); t++) {
      if (signals.isNullAt(FIRST_HASH + t)) {
        return Optional.of(new Fault(Finding.NO_SIGNALS, of(id, t)));
      }
    }
    return Optional.empty();
  }

  private String of(String id, int teacher) {
    return teachers.size() == 1 ? id : "%s (teacher '%s')".formatted(id, teachers.get(teacher));
  }

  private Optional<Fault> fill(InternalRow signals, String id, int view, float[] target) {
    List<Slot> slots = slots();
    int value = FIRST_HASH + teachers.size();
    for (Slot slot : slots) {
      int offset = view * targets.width() + slot.offset();
      if (!slot.shape().isEmpty()) {
        decode(signals, value, slot, target, offset, id);
      } else if (signals.isNullAt(value)) {
        return Optional.of(noNumber(slot, id, view, "null"));
      } else {
        double number = signals.getDouble(value);
        target[offset] = (float) number;
        if (!Float.isFinite(target[offset])) {
          return Optional.of(noNumber(slot, id, view, String.valueOf(number)));
        }
        if (target[offset] < 0 && rowWeights.contains(expression(slot))) {
          return Optional.of(
              new Fault(Finding.NEGATIVE_WEIGHT, shown(slot, id, view, String.valueOf(number))));
        }
      }
      value++;
    }
    return Optional.empty();
  }

  private static Fault noNumber(Slot slot, String id, int view, String found) {
    return new Fault(Finding.NO_NUMBER, shown(slot, id, view, found));
  }

  private static String shown(Slot slot, String id, int view, String found) {
    return "%s (view %d: '%s' is %s)".formatted(id, view, expression(slot), found);
  }

  private static String expression(Slot slot) {
    return Requirements.expression(signal(slot)).orElse(slot.name());
  }

  /** The signal that a slot holds. */
  static String signal(Slot slot) {
    return slot.name().substring("teacher.".length());
  }

  private void decode(
      InternalRow signals, int value, Slot slot, float[] target, int offset, String id) {
    Codec codec = codecs.get(value - FIRST_HASH - teachers.size());
    try {
      KeptLogits taken = kept.get(signal(slot));
      if (taken == null) {
        SignalCell.decode(signals, value, codec, target, offset, slot.width());
      } else {
        SignalCell.decode(signals, value, taken, slot, target, offset);
      }
    } catch (IllegalArgumentException e) {
      throw Errors.badInput(
          "%s of example '%s' is damaged: %s. Run teach again."
              .formatted(slot.name(), id, e.getMessage()),
          e);
    }
  }
}
