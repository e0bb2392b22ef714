package io.lakestill.signal;

import io.lakestill.io.StoredFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The numbers that versions of a table and the folders of runs are counted by.
 *
 * <p>A run claims a number by a file that it alone creates, {@code _lakestill/claim-v7}. The claim
 * of a version goes when that has become the current one. So a manifest beside its claim, but for
 * the current one, is of a run that died before anybody could read it; one without is a version,
 * also when {@code CURRENT} has gone back to an older one.
 *
 * @param root the folder of the table
 * @param metadata where everything lies that is no signal
 * @param configuration the Hadoop configuration that knows its file system
 */
public record VersionNumbers(Path root, Path metadata, Configuration configuration) {
  private static final Logger LOG = LoggerFactory.getLogger(VersionNumbers.class);
  private static final String CLAIM = "claim-v";

  /** A number that a run has, before it has written anything. */
  static final Pattern CLAIMED = Pattern.compile(CLAIM + "[1-9][0-9]{0,8}");

  private static final Pattern NAME =
      Pattern.compile(
          "(?:v=|manifest-v|quarantine-v|tombstones-v|claim-v)([1-9][0-9]{0,8})(?:\\.json)?");

  /** The versions that have a manifest, oldest first. */
  List<Integer> ofManifests() {
    return names(metadata).stream()
        .filter(name -> name.startsWith("manifest-v") && name.endsWith(".json"))
        .flatMapToInt(VersionNumbers::number)
        .sorted()
        .boxed()
        .toList();
  }

  /** One above every number that has left a trace. */
  int next() {
    List<String> names = new ArrayList<>(names(root));
    names.addAll(names(metadata));
    return names.stream().flatMapToInt(VersionNumbers::number).max().orElse(0) + 1;
  }

  /** As {@link #next}, and no other run gets that number from now on; {@code gc} sweeps claims. */
  public int claim() {
    while (true) {
      int next = next();
      if (new StoredFile(claimOf(next), configuration).createEmpty()) {
        return next;
      }
    }
  }

  private Path claimOf(int number) {
    return new Path(metadata, CLAIM + number);
  }

  /** Gives up the claim of a version that is current: its manifest stands for itself. */
  public void settle(int version) {
    Path claim = claimOf(version);
    try {
      claim.getFileSystem(configuration).delete(claim, false);
    } catch (IOException e) {
      // The next commit does it again.
      LOG.warn("event=claim-left file={} reason=\"{}\"", claim, e.toString());
    }
  }

  /** Manifests of runs that died before they could make them current; see {@link #settle}. */
  public List<Integer> neverCurrent() {
    List<String> names = names(metadata);
    return ofManifests().stream().filter(version -> names.contains(CLAIM + version)).toList();
  }

  private static IntStream number(String name) {
    Matcher matcher = NAME.matcher(name);
    return matcher.matches() ? IntStream.of(Integer.parseInt(matcher.group(1))) : IntStream.empty();
  }

  private List<String> names(Path folder) {
    return new FolderListing(configuration).names(folder);
  }
}
