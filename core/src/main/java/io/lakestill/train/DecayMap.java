package io.lakestill.train;

import java.io.Serializable;
import java.util.List;

/**
 * Which weight decays by how much.
 *
 * @param rate of the segments that decay
 * @param segments in the order of the flat vector, without gaps
 */
record DecayMap(double rate, List<WeightSegment> segments) implements Serializable {
  DecayMap {
    segments = List.copyOf(segments);
    int end = 0;
    for (WeightSegment segment : segments) {
      if (segment.from() != end) {
        throw new IllegalArgumentException(
            "parameter '%s' starts at %d, the one before it ends at %d"
                .formatted(segment.name(), segment.from(), end));
      }
      end = segment.to();
    }
    if (!(rate >= 0)) {
      throw new IllegalArgumentException("weight decay must not be negative, is " + rate);
    }
  }

  /** What is done to a run of weights with one rate. */
  interface Run {
    void over(int from, int to, float decay);
  }

  /** Visits the parts of {@code [from, to)} whose weights decay at one rate, in order. */
  void visit(int from, int to, Run run) {
    if (rate == 0) {
      run.over(from, to, 0f);
      return;
    }
    for (WeightSegment segment : segments) {
      int start = Math.max(from, segment.from());
      int end = Math.min(to, segment.to());
      if (start < end) {
        run.over(start, end, of(segment));
      }
    }
  }

  float of(WeightSegment segment) {
    return segment.decays() ? (float) rate : 0f;
  }
}
