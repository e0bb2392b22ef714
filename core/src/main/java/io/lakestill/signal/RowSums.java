package io.lakestill.signal;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.JsonFields;
import java.math.BigInteger;
import java.util.List;

/**
 * What rows are, whatever their order and the files they lie in: how many, and the sums of two
 * 64-bit hashes of each over all its columns. Two sets of rows of other content have the same sums
 * with a chance of about 2^-128; no safeguard against somebody who means to deceive.
 *
 * @param rows how many
 * @param first the sum of one hash of each, as a number without bounds
 * @param second that of the other
 */
public record RowSums(long rows, BigInteger first, BigInteger second) {
  /** Of no row. */
  public static final RowSums NONE = new RowSums(0, BigInteger.ZERO, BigInteger.ZERO);

  public RowSums {
    if (rows < 0) {
      throw new IllegalArgumentException("there cannot be " + rows + " rows");
    }
  }

  /** Of these rows and others. */
  public RowSums plus(RowSums others) {
    return new RowSums(
        Math.addExact(rows, others.rows), first.add(others.first), second.add(others.second));
  }

  /** Writes its fields. */
  public void into(ObjectNode json) {
    json.put("rows", rows);
    json.putArray("sums").add(first.toString()).add(second.toString());
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) when a field is missing or of another
   *     type
   */
  public static RowSums fromJson(JsonFields fields) {
    List<String> sums = fields.texts("sums");
    if (sums.size() != 2 || !sums.stream().allMatch(sum -> sum.matches("-?[0-9]{1,40}"))) {
      throw fields.refused("sums", "two whole numbers as texts");
    }
    return new RowSums(
        fields.whole("rows"), new BigInteger(sums.get(0)), new BigInteger(sums.get(1)));
  }

  /** As messages show it. */
  @Override
  public String toString() {
    return "%d rows, sums %s and %s".formatted(rows, first, second);
  }
}
