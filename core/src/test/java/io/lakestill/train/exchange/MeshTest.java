package io.lakestill.train.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.recipe.ExchangePrecision;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real sockets, one thread per node. */
class MeshTest {
  private static final byte[] SECRET = {1, 2, 3};

  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void endThreads() {
    threads.shutdownNow();
  }

  /** What each node does, in the order of the nodes. */
  private <R> List<R> run(
      int nodes,
      ExchangePrecision precision,
      UnaryOperator<List<String>> addresses,
      Function<Exchange, R> work) {
    List<Door> doors = new ArrayList<>();
    for (int node = 0; node < nodes; node++) {
      doors.add(Door.open("127.0.0.1"));
    }
    Mesh.Company company =
        new Mesh.Company(
            addresses.apply(doors.stream().map(Door::address).toList()),
            SECRET,
            precision,
            Duration.ofSeconds(20));
    List<CompletableFuture<R>> running = new ArrayList<>();
    for (int node = 0; node < nodes; node++) {
      int rank = node;
      running.add(
          CompletableFuture.supplyAsync(
              () -> {
                try (Exchange exchange = Mesh.join(rank, doors.get(rank), company, () -> false)) {
                  return work.apply(exchange);
                }
              },
              threads));
    }
    try {
      return running.stream().map(CompletableFuture::join).toList();
    } finally {
      doors.forEach(Door::close);
    }
  }

  private static float[] values(int node, int size) {
    Random random = new Random(node);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @ParameterizedTest(name = "{0} nodes, {1} values")
  @CsvSource({"2, 1000", "3, 1000", "3, 2", "4, 0", "5, 70001"})
  void everyNodeGetsTheSumInTheOrderOfTheNodes(int nodes, int size) {
    List<float[]> sums =
        run(
            nodes,
            ExchangePrecision.FP32,
            UnaryOperator.identity(),
            exchange -> {
              float[] values = new float[0];
              for (int step = 1; step <= 3; step++) {
                values = values(exchange.rank(), size);
                double[] scalars = {exchange.rank(), 0.1};
                exchange.sum(values, scalars, step);
                assertThat(scalars[0]).isEqualTo(nodes * (nodes - 1) / 2.0);
              }
              return values;
            });

    float[] expected = new float[size];
    for (int node = 0; node < nodes; node++) {
      float[] theirs = values(node, size);
      for (int i = 0; i < size; i++) {
        expected[i] += theirs[i];
      }
    }
    assertThat(sums).allSatisfy(sum -> assertThat(sum).isEqualTo(expected));
  }

  @ParameterizedTest(name = "values around {0}")
  @CsvSource({"1", "1e-25", "1e25"})
  void halvesAreOfOneMindAndNearTheSum(float scale) {
    int size = 3001;
    List<float[]> sums =
        run(
            3,
            ExchangePrecision.FP16,
            UnaryOperator.identity(),
            exchange -> {
              float[] values = values(exchange.rank(), size);
              for (int i = 0; i < size; i++) {
                values[i] *= scale;
              }
              exchange.sum(values, new double[0], 1);
              return values;
            });

    assertThat(sums.get(1)).isEqualTo(sums.get(0));
    assertThat(sums.get(2)).isEqualTo(sums.get(0));
    for (int i = 0; i < size; i++) {
      double exact = 0;
      double size1 = 0;
      for (int node = 0; node < 3; node++) {
        double value = (double) values(node, i + 1)[i] * scale;
        exact += value;
        size1 += Math.abs(value);
      }
      // Every part and the sum are rounded once, each by half of the last of eleven bits.
      assertThat((double) sums.get(0)[i])
          .isBetween(exact - 2.1 * size1 * 0x1p-11, exact + 2.1 * size1 * 0x1p-11);
    }
  }

  @Test
  void aStrangerIsTurnedAwayAndTheOthersMeet() {
    List<Double> sums =
        run(
            2,
            ExchangePrecision.FP32,
            addresses -> {
              String[] place = addresses.get(0).split(":");
              try (Socket stranger = new Socket(place[0], Integer.parseInt(place[1]))) {
                stranger.getOutputStream().write(new byte[60]);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
              return addresses;
            },
            exchange -> {
              double[] one = {1};
              exchange.sum(new float[0], one, 1);
              return one[0];
            });

    assertThat(sums).containsExactly(2.0, 2.0);
  }

  @Test
  void whoDoesNotKnowTheSecretIsNotTalkedTo() throws IOException {
    try (Door door = Door.open("127.0.0.1")) {
      List<String> addresses = List.of(door.address(), "127.0.0.1:1");
      CompletableFuture<Exchange> first =
          CompletableFuture.supplyAsync(() -> join(0, door, addresses, SECRET), threads);

      assertThatThrownBy(() -> join(1, door, addresses, new byte[] {9}))
          .isInstanceOf(ExchangeFault.class)
          .hasMessageContaining("Node 1 cannot be connected");
      assertThatThrownBy(first::join).hasCauseInstanceOf(ExchangeFault.class);
    }
  }

  private static Exchange join(int rank, Door door, List<String> addresses, byte[] secret) {
    return Mesh.join(
        rank,
        door,
        new Mesh.Company(addresses, secret, ExchangePrecision.FP32, Duration.ofSeconds(2)),
        () -> false);
  }

  private static float[] summed(Exchange exchange, int steps) {
    float[] values = new float[64];
    for (int step = 1; step <= steps; step++) {
      Arrays.fill(values, 1f);
      exchange.sum(values, new double[] {1}, step);
    }
    return values;
  }

  /** Stands between node 1 and node 0 and turns one bit of what node 1 sends. */
  private String flipping(String address, long place) {
    try {
      ServerSocket between = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
      var unused =
          threads.submit(
              () -> {
                try (Socket from = between.accept();
                    Socket to = new Socket("127.0.0.1", Integer.parseInt(address.split(":")[1]))) {
                  var back = threads.submit(() -> copy(to, from, -1));
                  copy(from, to, place);
                  back.get();
                }
                return null;
              });
      return "127.0.0.1:" + between.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Void copy(Socket from, Socket to, long place) throws IOException {
    InputStream in = from.getInputStream();
    OutputStream out = to.getOutputStream();
    for (long at = 0; ; at++) {
      int value = in.read();
      if (value < 0) {
        to.close();
        return null;
      }
      out.write(at == place ? value ^ 4 : value);
      out.flush();
    }
  }

  @ParameterizedTest(name = "byte {0}")
  @CsvSource({"60", "92", "100", "180"})
  void oneTurnedBitEndsTheStepOnEveryNode(long place) {
    // 52 bytes of greeting, then a header of 32, a scalar and half of 64 floats.
    assertThatThrownBy(
            () ->
                run(
                    2,
                    ExchangePrecision.FP32,
                    addresses -> List.of(flipping(addresses.get(0), place), addresses.get(1)),
                    exchange -> summed(exchange, 1)))
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(ExchangeFault.class)
        .hasStackTraceContaining("is damaged");
  }

  @Test
  void aNodeThatLeavesIsNoticed() {
    assertThatThrownBy(
            () ->
                run(
                    2,
                    ExchangePrecision.FP32,
                    UnaryOperator.identity(),
                    exchange -> summed(exchange, exchange.rank() == 0 ? 3 : 2)))
        .hasCauseInstanceOf(ExchangeFault.class)
        .hasStackTraceContaining("at step 3");
  }

  /** By the first node that looks; the other may only see that this one is gone then. */
  @Test
  void aNodeAtAnotherStepIsNoticed() {
    List<String> faults =
        run(
            2,
            ExchangePrecision.FP32,
            UnaryOperator.identity(),
            exchange ->
                fault(() -> exchange.sum(new float[8], new double[0], 5 + exchange.rank())));

    assertThat(faults).doesNotContain("").anyMatch(fault -> fault.contains("are due"));
  }

  private static String fault(Runnable work) {
    try {
      work.run();
      return "";
    } catch (ExchangeFault e) {
      return e.getMessage();
    }
  }
}
