package io.lakestill.train.exchange;

import io.lakestill.recipe.ExchangePrecision;
import java.io.IOException;
import java.io.Serializable;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/**
 * Every node connected with every other. A sum is one reduce-scatter and one all-gather, without a
 * detour: node {@code i} gets slice {@code i} of everybody, adds in the order of the nodes, and
 * sends the sum to everybody. Each value crosses the wire twice, as in a ring, in two rounds
 * instead of {@code 2 (n - 1)}.
 */
public final class Mesh implements Exchange {
  private final int rank;
  private final Link[] links;
  private final Wire wire;
  private final Duration timeout;
  private final ExecutorService senders;
  private final Message sum = new Message();
  private float[] slice = new float[0];

  /**
   * Who takes part, and how they talk.
   *
   * @param addresses of all nodes' doors, in the order of the nodes
   * @param secret that only they know
   * @param precision of gradients
   * @param timeout after which a silent node is taken for dead
   */
  public record Company(
      List<String> addresses, byte[] secret, ExchangePrecision precision, Duration timeout)
      implements Serializable {
    private static final long serialVersionUID = 1L;

    public Company {
      addresses = List.copyOf(addresses);
      secret = secret.clone();
    }
  }

  private Mesh(int rank, Link[] links, Wire wire, Duration timeout) {
    this.rank = rank;
    this.timeout = timeout;
    this.links = links;
    this.wire = wire;
    this.senders =
        Executors.newFixedThreadPool(
            links.length,
            work -> {
              Thread thread = new Thread(work, "exchange-" + rank);
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Connects this node with all others, which do the same at the same time.
   *
   * @param cancelled whether nobody waits for this node any more
   * @throws ExchangeFault when one cannot be reached in time
   */
  public static Exchange join(int rank, Door door, Company company, BooleanSupplier cancelled) {
    int nodes = company.addresses().size();
    Greeting greeting = new Greeting(company.secret(), rank, company.timeout());
    Link[] links = new Link[nodes];
    int current = 0;
    try {
      for (; current < rank; current++) {
        links[current] =
            new Link(
                current,
                greeting.connect(current, company.addresses().get(current)),
                company.timeout(),
                cancelled);
      }
      long deadline = System.nanoTime() + company.timeout().toNanos();
      for (int missing = nodes - 1 - rank; missing > 0; ) {
        Optional<Greeting.Guest> guest = accept(greeting, door, deadline, cancelled);
        if (guest.isPresent() && guest.get().rank() > rank && guest.get().rank() < nodes) {
          int peer = guest.get().rank();
          links[peer] = new Link(peer, guest.get().socket(), company.timeout(), cancelled);
          missing--;
        }
      }
    } catch (IOException e) {
      close(links);
      throw new ExchangeFault(
          "Node %d cannot be connected with all others: %s".formatted(rank, e.getMessage()), e);
    }
    return new Mesh(rank, links, Wire.of(company.precision()), company.timeout());
  }

  private static Optional<Greeting.Guest> accept(
      Greeting greeting, Door door, long deadline, BooleanSupplier cancelled) throws IOException {
    try {
      return greeting.accept(door);
    } catch (SocketTimeoutException nobody) {
      if (cancelled.getAsBoolean() || System.nanoTime() > deadline) {
        throw new IOException("not all nodes came", nobody);
      }
      return Optional.empty();
    }
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int nodes() {
    return links.length;
  }

  @Override
  public void sum(float[] values, double[] scalars, int step) {
    sum(values, scalars, step, wire);
  }

  @Override
  public void sumExactly(float[] values, double[] scalars, int step) {
    sum(values, scalars, step, Wire.FLOAT);
  }

  private void sum(float[] values, double[] scalars, int step, Wire w) {
    int from = start(rank, values.length);
    int to = start(rank + 1, values.length);
    List<Future<?>> sending = new ArrayList<>();
    for (Link link : others()) {
      int first = start(link.peer(), values.length);
      int end = start(link.peer() + 1, values.length);
      link.outgoing().write(Message.PART, step, rank, scalars, values, first, end, w);
      sending.add(send(link, link.outgoing()));
    }
    add(values, scalars, step, from, to, w);
    await(sending);
    sum.write(Message.SUM, step, rank, new double[0], slice, 0, to - from, w);
    for (Link link : others()) {
      sending.add(send(link, sum));
    }
    // What was rounded for the others is rounded for this node, too.
    sum.copyTo(values, from);
    for (Link link : others()) {
      int first = start(link.peer(), values.length);
      int count = start(link.peer() + 1, values.length) - first;
      receive(link, Message.SUM, step, 0, count, w).copyTo(values, first);
    }
    await(sending);
  }

  /** Adds all nodes' parts of this node's slice, and all scalars, in the order of the nodes. */
  private void add(float[] values, double[] scalars, int step, int from, int to, Wire w) {
    int count = to - from;
    if (slice.length < count) {
      slice = new float[count];
    }
    double[] own = scalars.clone();
    Arrays.fill(slice, 0, count, 0f);
    Arrays.fill(scalars, 0);
    for (int node = 0; node < links.length; node++) {
      if (node == rank) {
        for (int i = 0; i < count; i++) {
          slice[i] += values[from + i];
        }
      } else {
        receive(links[node], Message.PART, step, scalars.length, count, w).addTo(slice);
      }
      for (int i = 0; i < scalars.length; i++) {
        scalars[i] += node == rank ? own[i] : links[node].last().scalar(i);
      }
    }
  }

  private int start(int node, int length) {
    return (int) ((long) length * node / links.length);
  }

  private List<Link> others() {
    List<Link> others = new ArrayList<>();
    for (int i = 1; i < links.length; i++) {
      others.add(links[(rank + i) % links.length]);
    }
    return others;
  }

  private Future<?> send(Link link, Message message) {
    return senders.submit(
        () -> {
          link.send(message);
          return null;
        });
  }

  private static Message receive(Link link, int kind, int step, int scalars, int count, Wire w) {
    try {
      Message message = link.receive(Message.size(scalars, count, w));
      message.require(kind, step, link.peer(), scalars, count);
      return message;
    } catch (IOException e) {
      throw new ExchangeFault(
          "Node %d is gone at step %d: %s".formatted(link.peer(), step, e.getMessage()), e);
    }
  }

  private void await(List<Future<?>> sending) {
    for (Future<?> one : sending) {
      try {
        one.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
      } catch (ExecutionException e) {
        throw new ExchangeFault("A node is gone: " + e.getCause().getMessage(), e.getCause());
      } catch (TimeoutException e) {
        throw new ExchangeFault("A node took nothing for %d s".formatted(timeout.toSeconds()), e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ExchangeFault("This task was cancelled", e);
      }
    }
    sending.clear();
  }

  @Override
  public void close() {
    senders.shutdownNow();
    close(links);
  }

  private static void close(Link[] links) {
    for (Link link : links) {
      if (link != null) {
        link.close();
      }
    }
  }
}
