package io.lakestill.objective;

/**
 * The name of something that belongs to one term of a loss, outside of that term: {@code
 * weight.projector/2} is the head {@code weight.projector} of term 2. So terms never share heads,
 * memory or drawn indices by accident.
 *
 * @param name as the objective calls it, such as {@code weight.projector} or {@code state.bank}
 * @param term the number of the term in its recipe, from 0
 */
public record TermName(String name, int term) {
  private static final char SEPARATOR = '/';

  public TermName {
    if (name.isEmpty() || term < 0) {
      throw new IllegalArgumentException(
          "a term's name must not be empty and its number not negative, are '%s' and %d"
              .formatted(name, term));
    }
  }

  /** Reads what {@link #toString} wrote. */
  public static TermName parse(String outer) {
    int at = outer.lastIndexOf(SEPARATOR);
    try {
      return new TermName(outer.substring(0, at), Integer.parseInt(outer.substring(at + 1)));
    } catch (IndexOutOfBoundsException | NumberFormatException e) {
      throw new IllegalArgumentException(
          "'%s' is not the name of something of a term, such as weight.projector/0"
              .formatted(outer),
          e);
    }
  }

  /** The name of the term's part of a loss's {@link State}. */
  public String part() {
    return part(term);
  }

  /** The name of a term's part of a loss's {@link State}. */
  public static String part(int term) {
    return String.valueOf(term);
  }

  /** What the names of everything that belongs to a term end with. */
  public static String suffix(int term) {
    return SEPARATOR + part(term);
  }

  /** {@code name/term}. */
  @Override
  public String toString() {
    return name + suffix(term);
  }
}
