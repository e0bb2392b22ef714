package io.lakestill.bigdl;

import com.intel.analytics.bigdl.serialization.Bigdl.BigDLModule;
import com.intel.analytics.bigdl.serialization.Bigdl.BigDLTensor;
import com.intel.analytics.bigdl.serialization.Bigdl.TensorStorage;
import com.intel.analytics.shaded.protobuf_v_3_25_2.CodedOutputStream;
import com.intel.analytics.shaded.protobuf_v_3_25_2.Descriptors.Descriptor;
import com.intel.analytics.shaded.protobuf_v_3_25_2.Descriptors.FieldDescriptor;
import com.intel.analytics.shaded.protobuf_v_3_25_2.Message;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * BigDL's own module file, made the same bytes for the same module. BigDL numbers what is shared by
 * where it lies in the JVM's memory, and writes maps in the order of these numbers; here they are
 * 1, 2, 3 in the order in which they are met, and maps are sorted. Which numbers are equal stays as
 * it was, and that is all that BigDL reads of them.
 */
final class ModuleFile {
  private static final String ID = "id";
  private static final String KEY = "key";
  private static final String VALUE = "value";

  /** The attribute that holds what is shared, by its number. */
  private static final String SHARED = "global_storage";

  private static final Set<Descriptor> NUMBERED =
      Set.of(
          BigDLModule.getDescriptor(), BigDLTensor.getDescriptor(), TensorStorage.getDescriptor());

  private final Map<Integer, Integer> numbers = new HashMap<>();

  private ModuleFile() {}

  /**
   * @param written by BigDL
   * @return what BigDL loads the same module from
   */
  static byte[] canonical(byte[] written) throws IOException {
    BigDLModule module = BigDLModule.parseFrom(written);
    ModuleFile file = new ModuleFile();
    file.number(module);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.useDeterministicSerialization();
    file.renumbered(module, false).writeTo(out);
    out.flush();
    return bytes.toByteArray();
  }

  /** Meets all numbers but those of {@link #SHARED}, whose order they decide. */
  private void number(Message message) {
    message
        .getAllFields()
        .forEach(
            (field, value) -> {
              if (isNumber(field)) {
                number((int) value);
              } else if (field.isMapField()) {
                sorted(value).stream()
                    .filter(entry -> !key(entry).equals(SHARED))
                    .forEach(this::number);
              } else if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                messages(field, value).forEach(this::number);
              }
            });
  }

  /** 0 and less are no numbers of anything. */
  private int number(int given) {
    return given <= 0 ? given : numbers.computeIfAbsent(given, any -> numbers.size() + 1);
  }

  private static boolean isNumber(FieldDescriptor field) {
    return field.getName().equals(ID) && NUMBERED.contains(field.getContainingType());
  }

  private static List<Message> messages(FieldDescriptor field, Object value) {
    List<Message> messages = new ArrayList<>();
    (field.isRepeated() ? (List<?>) value : List.of(value))
        .forEach(each -> messages.add((Message) each));
    return messages;
  }

  private static List<Message> sorted(Object entries) {
    List<Message> sorted = new ArrayList<>();
    ((List<?>) entries).forEach(entry -> sorted.add((Message) entry));
    sorted.sort(Comparator.comparing(ModuleFile::key));
    return sorted;
  }

  private static String key(Message entry) {
    return String.valueOf(entry.getField(entry.getDescriptorForType().findFieldByName(KEY)));
  }

  /**
   * @param shared whether keys of maps are numbers
   */
  private Message renumbered(Message message, boolean shared) {
    Message.Builder builder = message.toBuilder();
    message
        .getAllFields()
        .forEach(
            (field, value) -> {
              if (isNumber(field)) {
                builder.setField(field, number((int) value));
              } else if (field.isMapField()) {
                builder.setField(
                    field, sorted(value).stream().map(entry -> entry(entry, shared)).toList());
              } else if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                List<Message> made =
                    messages(field, value).stream().map(one -> renumbered(one, shared)).toList();
                builder.setField(field, field.isRepeated() ? made : made.get(0));
              }
            });
    return builder.build();
  }

  private Message entry(Message entry, boolean shared) {
    String key = key(entry);
    FieldDescriptor value = entry.getDescriptorForType().findFieldByName(VALUE);
    Message.Builder builder = entry.toBuilder();
    if (value.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
      Message held = (Message) entry.getField(value);
      builder.setField(value, renumbered(held, shared || key.equals(SHARED)));
    }
    if (shared) {
      builder.setField(
          entry.getDescriptorForType().findFieldByName(KEY),
          String.valueOf(number(Integer.parseInt(key))));
    }
    return builder.build();
  }
}
