package io.lakestill.teacher;

import ai.onnx.proto.OnnxMl;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Weights that lie beside an ONNX file, as large models are often saved. A model may come from
 * anywhere, so it does not say which files of this machine are read: only files of its own folder,
 * under a plain name, no link that leads out of it, and no more bytes than the weights they hold.
 *
 * @param onnx the model
 * @param configuration how to reach it
 */
record ExternalData(Path onnx, Configuration configuration) {
  private static final String PLAIN = "[0-9A-Za-z_][0-9A-Za-z_. -]{0,254}";

  /** The name of the first such tensor. */
  static Optional<String> firstIn(ModelProto model) {
    return OnnxTensors.of(model)
        .filter(ExternalData::isExternal)
        .map(TensorProto::getName)
        .findFirst();
  }

  private static boolean isExternal(TensorProto tensor) {
    return tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL;
  }

  /**
   * The same model with these weights inside.
   *
   * @param most bytes of weights to take
   * @throws io.lakestill.error.LakestillException (exit 3) when a name is not plain, a file is not
   *     there, is a link that leads elsewhere or too short, or there are more bytes than that;
   *     nothing was read then
   */
  ModelProto inlined(ModelProto model, long most) throws IOException {
    long bytes = 0;
    for (TensorProto tensor : model.getGraph().getInitializerList()) {
      if (isExternal(tensor)) {
        Part part = part(tensor);
        requireReadable(part);
        bytes = Math.min(bytes, most) + part.bytes();
      }
    }
    if (bytes > most) {
      throw Errors.badInput(
          ("ONNX file '%s' declares %,d bytes of weights in other files; Lakestill takes models up"
                  + " to 2 GiB.")
              .formatted(onnx, bytes));
    }
    ModelProto.Builder whole = model.toBuilder();
    for (TensorProto.Builder tensor : whole.getGraphBuilder().getInitializerBuilderList()) {
      if (tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
        ByteString values = read(part(tensor.build()));
        tensor.clearExternalData().clearDataLocation().setRawData(values);
      }
    }
    return whole.build();
  }

  /** Where the weights of a tensor lie. */
  private record Part(String tensor, Path file, long offset, long bytes) {}

  private Part part(TensorProto tensor) throws IOException {
    Map<String, String> entries =
        tensor.getExternalDataList().stream()
            .collect(
                Collectors.toMap(
                    OnnxMl.StringStringEntryProto::getKey,
                    OnnxMl.StringStringEntryProto::getValue,
                    (first, second) -> second));
    String location = entries.getOrDefault("location", "");
    if (!location.matches(PLAIN)) {
      throw Errors.badInput(
          ("ONNX file '%s' keeps the weights of '%s' in '%s'; only a file beside it is read, under"
                  + " a plain name of letters, digits, '_', '-', '.' and spaces.")
              .formatted(onnx, tensor.getName(), location));
    }
    long declared = TensorSize.declared(tensor, onnx.toString());
    long offset = number(tensor, entries.getOrDefault("offset", "0"));
    long length = number(tensor, entries.getOrDefault("length", Long.toString(declared)));
    if (length != declared) {
      throw Errors.badInput(
          "Tensor '%s' of ONNX file '%s' declares the shape %s, %,d bytes, and takes %,d of '%s'."
              .formatted(tensor.getName(), onnx, tensor.getDimsList(), declared, length, location));
    }
    Path folder = onnx.getFileSystem(configuration).makeQualified(onnx).getParent();
    return new Part(tensor.getName(), new Path(folder, location), offset, length);
  }

  private long number(TensorProto tensor, String text) {
    try {
      long number = Long.parseLong(text);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Worded below, as a negative one is.
    }
    throw Errors.badInput(
        "ONNX file '%s' says where the weights of '%s' lie by '%s', which is no number of bytes."
            .formatted(onnx, tensor.getName(), text));
  }

  private void requireReadable(Part part) throws IOException {
    FileSystem files = part.file().getFileSystem(configuration);
    FileStatus status = status(files, part);
    if (!status.isFile() || leadsOut(files, part.file())) {
      throw refused(part, "is no file of its folder, but a link or something else");
    }
    if (part.bytes() > status.getLen() - part.offset()) {
      throw refused(
          part,
          "has %,d bytes, and %,d from %,d on are asked for"
              .formatted(status.getLen(), part.bytes(), part.offset()));
    }
  }

  private FileStatus status(FileSystem files, Part part) throws IOException {
    try {
      return files.getFileStatus(part.file());
    } catch (FileNotFoundException e) {
      throw refused(part, "is not there");
    }
  }

  private LakestillException refused(Part part, String why) {
    return Errors.badInput(
        "ONNX file '%s' keeps the weights of '%s' in '%s', which %s."
            .formatted(onnx, part.tensor(), part.file().getName(), why));
  }

  private static boolean leadsOut(FileSystem files, Path file) throws IOException {
    Path whole = files.makeQualified(file);
    if (!"file".equals(whole.toUri().getScheme())) {
      return files.supportsSymlinks() && files.getFileLinkStatus(whole).isSymlink();
    }
    java.nio.file.Path local = Paths.get(whole.toUri().getPath());
    java.nio.file.Path real = local.toRealPath();
    return !real.getParent().equals(local.getParent().toRealPath()) || !Files.isRegularFile(real);
  }

  private ByteString read(Part part) throws IOException {
    byte[] values = new byte[Math.toIntExact(part.bytes())];
    try (FSDataInputStream in = part.file().getFileSystem(configuration).open(part.file())) {
      in.readFully(part.offset(), values);
    }
    return UnsafeByteOperations.unsafeWrap(values);
  }
}
