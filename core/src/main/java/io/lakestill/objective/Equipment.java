package io.lakestill.objective;

import java.io.Serializable;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * What an objective needs beyond student outputs, teacher signals and labels. Whoever runs the
 * training provides it; the names are those of {@link Requirements#others()}.
 *
 * @param heads parameters that learn with the student and leave with the training
 * @param memory what is remembered from step to step, one copy per worker
 * @param draws index arrays, made afresh for each step
 */
public record Equipment(List<Head> heads, List<Memory> memory, List<Draw> draws)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  public static final Equipment NONE = new Equipment(List.of(), List.of(), List.of());

  public Equipment {
    heads = List.copyOf(heads);
    memory = List.copyOf(memory);
    draws = List.copyOf(draws);
  }

  /**
   * A learnable tensor.
   *
   * @param name {@code weight.<head>} or {@code bias.<head>}
   */
  public record Head(String name, List<Integer> shape, InitialValues initial)
      implements Serializable {
    public Head {
      shape = List.copyOf(shape);
    }
  }

  /**
   * A tensor of the {@link State}; an objective may replace it by one of another shape.
   *
   * @param name {@code state.<name>}
   */
  public record Memory(String name, List<Integer> shape, InitialValues initial)
      implements Serializable {
    public Memory {
      shape = List.copyOf(shape);
    }
  }

  /**
   * Where the whole numbers {@code index.*} of a step come from. A <em>sample</em> is the number of
   * an example within its worker's shard, in {@code [0, samples)}; "the shard" is the worker's own.
   */
  public sealed interface Draw extends Serializable {
    String name();

    /** {@code [rows]}: the sample number of each row. */
    record Samples(String name) implements Draw {
      @Override
      public Draw renamed(UnaryOperator<String> names) {
        return new Samples(names.apply(name));
      }
    }

    /**
     * {@code [rows, count]}: samples of the row's class; the first column is the row itself, the
     * others are any but it, uniform with replacement, and itself where its class has no other.
     */
    record SameClass(String name, int count) implements Draw {
      @Override
      public Draw renamed(UnaryOperator<String> names) {
        return new SameClass(names.apply(name), count);
      }
    }

    /** {@code [rows, count]}: samples other than the row's own, uniform, with replacement. */
    record OtherSamples(String name, int count) implements Draw {
      @Override
      public Draw renamed(UnaryOperator<String> names) {
        return new OtherSamples(names.apply(name), count);
      }
    }

    /** {@code [rows, count]}: samples of other classes than the row's, uniform with replacement. */
    record OtherClasses(String name, int count) implements Draw {
      @Override
      public Draw renamed(UnaryOperator<String> names) {
        return new OtherClasses(names.apply(name), count);
      }
    }

    /** {@code [samples]}: the class of every sample of the shard. */
    record ShardLabels(String name) implements Draw {
      @Override
      public Draw renamed(UnaryOperator<String> names) {
        return new ShardLabels(names.apply(name));
      }
    }

    /** {@code [rows]}: a random order of the batch's rows. */
    record Permutation(String name) implements Draw {
      @Override
      public Draw renamed(UnaryOperator<String> names) {
        return new Permutation(names.apply(name));
      }
    }

    /**
     * {@code [rows, count]}: each row's largest values of an input such as {@code teacher.logits}.
     */
    record Largest(String name, String input, int count) implements Draw {
      @Override
      public Draw renamed(UnaryOperator<String> names) {
        return new Largest(names.apply(name), names.apply(input), count);
      }
    }

    /** {@code [rows, count]}: distinct whole numbers in {@code [0, below)}, uniform. */
    record Positions(String name, int count, int below) implements Draw {
      @Override
      public Draw renamed(UnaryOperator<String> names) {
        return new Positions(names.apply(name), count, below);
      }
    }

    /**
     * {@code [rows, count]}: distinct columns of an input other than each row's {@code excluded}
     * largest, uniform.
     */
    record OutsideLargest(String name, String input, int excluded, int count) implements Draw {
      @Override
      public Draw renamed(UnaryOperator<String> names) {
        return new OutsideLargest(names.apply(name), names.apply(input), excluded, count);
      }
    }

    /**
     * {@code [rows, count]}: distinct columns of an input, found by tournaments: of two of each
     * row's {@code among} largest, drawn with weight {@code exp(-rank / (among * flatness))} where
     * rank counts from 1, the larger is taken, until there are {@code count}; {@code among} is at
     * least {@code count}. Where a hundred tournaments per value did not find enough, the largest
     * that are left are taken.
     */
    record Tournament(String name, String input, int among, double flatness, int count)
        implements Draw {
      @Override
      public Draw renamed(UnaryOperator<String> names) {
        return new Tournament(names.apply(name), names.apply(input), among, flatness, count);
      }
    }

    /** The same numbers at every step, of any shape. */
    record Fixed(String name, Indices values) implements Draw {
      @Override
      public Draw renamed(UnaryOperator<String> names) {
        return new Fixed(names.apply(name), values);
      }
    }

    /** The same draw under other names; an input of it is translated too. */
    Draw renamed(UnaryOperator<String> names);

    /** Whether it needs to know the shard, which only training rows have. */
    default boolean needsShard() {
      return !(this instanceof Permutation
          || this instanceof Largest
          || this instanceof OutsideLargest
          || this instanceof Tournament
          || this instanceof Positions
          || this instanceof Fixed);
    }
  }

  /** The same equipment under other names, such as those of a whole loss. */
  public Equipment renamed(UnaryOperator<String> names) {
    return new Equipment(
        heads.stream()
            .map(head -> new Head(names.apply(head.name()), head.shape(), head.initial()))
            .toList(),
        memory.stream()
            .map(kept -> new Memory(names.apply(kept.name()), kept.shape(), kept.initial()))
            .toList(),
        draws.stream().map(draw -> draw.renamed(names)).toList());
  }

  /** This equipment and another's. */
  public Equipment and(Equipment other) {
    return new Equipment(
        Stream.concat(heads.stream(), other.heads.stream()).toList(),
        Stream.concat(memory.stream(), other.memory.stream()).toList(),
        Stream.concat(draws.stream(), other.draws.stream()).toList());
  }

  /** The names of everything in it. */
  public List<String> names() {
    return Stream.of(
            heads.stream().map(Head::name),
            memory.stream().map(Memory::name),
            draws.stream().map(Draw::name))
        .flatMap(names -> names)
        .toList();
  }

  /** The number of values that one worker remembers at first. */
  public long memorySize() {
    return memory.stream()
        .mapToLong(
            tensor ->
                tensor.shape().stream().mapToLong(axis -> axis).reduce(1, Math::multiplyExact))
        .sum();
  }

  /** Whether it can be provided for rows outside of any shard, such as validation rows. */
  public boolean needsShard() {
    return !memory.isEmpty() || draws.stream().anyMatch(Draw::needsShard);
  }
}
