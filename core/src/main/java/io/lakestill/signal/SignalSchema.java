package io.lakestill.signal;

import static org.apache.parquet.schema.LogicalTypeAnnotation.stringType;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.BINARY;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.FLOAT;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.INT32;

import java.io.Serializable;
import java.util.List;
import java.util.Set;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Types;
import org.apache.parquet.schema.Types.GroupBuilder;

/**
 * The columns of a signal file: the key and what a person can query, then one column per signal, as
 * its {@link io.lakestill.signal.codec.Codec} has it.
 *
 * @param signals the signals, {@code logits} first
 * @param shown what the teacher was shown of an example
 */
public record SignalSchema(List<SignalColumn> signals, Shown shown) implements Serializable {
  private static final long serialVersionUID = 1L;

  public static final String SAMPLE_ID = "sample_id";
  public static final String VIEW_ID = "view_id";

  /** {@link io.lakestill.data.RawFeatures#contentHash} of the example. */
  public static final String CONTENT_HASH = "content_hash";

  /**
   * The same of what the teacher was shown; only in tables of a teacher with features of its own.
   */
  public static final String TEACHER_CONTENT_HASH = "teacher_content_hash";

  public static final String TEACHER_ID = "teacher_id";

  /** The class index of the example's own label; null when it has none. */
  public static final String LABEL = "label";

  /** The class with the highest logit, the lowest index among equals. */
  public static final String ARGMAX = "argmax";

  /** The entropy of the softmax at temperature 1, in nats. */
  public static final String ENTROPY = "entropy";

  /** The highest probability minus the second highest, at temperature 1. */
  public static final String MARGIN = "margin";

  /** Why a row is in quarantine; only in quarantine files. */
  public static final String REASON = "reason";

  /** The columns every signal file has, so that no signal can have their names. */
  public static final Set<String> OWN_COLUMNS =
      Set.of(
          SAMPLE_ID,
          VIEW_ID,
          CONTENT_HASH,
          TEACHER_CONTENT_HASH,
          TEACHER_ID,
          LABEL,
          ARGMAX,
          ENTROPY,
          MARGIN,
          REASON);

  /** What a teacher was shown of an example. */
  public enum Shown {
    /** What a student is shown. */
    FEATURES,
    /** Features of its own, whose content has a hash of its own. */
    OWN_FEATURES
  }

  public SignalSchema {
    signals = List.copyOf(signals);
    if (signals.isEmpty() || !signals.get(0).name().equals(SignalColumn.LOGITS)) {
      throw new IllegalArgumentException("the first signal must be logits, are " + signals);
    }
    if (signals.stream().map(SignalColumn::name).anyMatch(OWN_COLUMNS::contains)) {
      throw new IllegalArgumentException("signals must not be named as other columns: " + signals);
    }
    if (signals.stream().map(SignalColumn::name).distinct().count() != signals.size()) {
      throw new IllegalArgumentException("signals must be distinct, are " + signals);
    }
  }

  /** Of a teacher that was shown what a student is shown. */
  public SignalSchema(List<SignalColumn> signals) {
    this(signals, Shown.FEATURES);
  }

  /** Other signals, shown the same. */
  public SignalSchema with(List<SignalColumn> others) {
    return new SignalSchema(others, shown);
  }

  public boolean hasTeacherContent() {
    return shown == Shown.OWN_FEATURES;
  }

  /** As it stands in fingerprints since the first tables. */
  @Override
  public String toString() {
    return "SignalSchema[signals=%s%s]"
        .formatted(signals, hasTeacherContent() ? ", shown=" + shown : "");
  }

  /** The names of all columns, in their order. */
  public List<String> columns() {
    return parquet().getFields().stream().map(field -> field.getName()).toList();
  }

  /** The columns of its Parquet files. */
  public MessageType parquet() {
    GroupBuilder<MessageType> message =
        Types.buildMessage()
            .required(BINARY)
            .as(stringType())
            .named(SAMPLE_ID)
            .required(INT32)
            .named(VIEW_ID)
            .required(BINARY)
            .as(stringType())
            .named(CONTENT_HASH)
            .required(BINARY)
            .as(stringType())
            .named(TEACHER_ID)
            .optional(INT32)
            .named(LABEL)
            .required(INT32)
            .named(ARGMAX)
            .required(FLOAT)
            .named(ENTROPY)
            .required(FLOAT)
            .named(MARGIN);
    if (hasTeacherContent()) {
      message.required(BINARY).as(stringType()).named(TEACHER_CONTENT_HASH);
    }
    for (SignalColumn signal : signals) {
      message.addField(signal.codec().column(signal.name()));
    }
    return message.named("signal");
  }

  /** Keys whose rows in older files are dead. */
  static MessageType tombstone() {
    return Types.buildMessage()
        .required(BINARY)
        .as(stringType())
        .named(SAMPLE_ID)
        .named("tombstone");
  }

  static MessageType quarantine() {
    return Types.buildMessage()
        .required(BINARY)
        .as(stringType())
        .named(SAMPLE_ID)
        .required(INT32)
        .named(VIEW_ID)
        .required(BINARY)
        .as(stringType())
        .named(REASON)
        .named("quarantine");
  }
}
