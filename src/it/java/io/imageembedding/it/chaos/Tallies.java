// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** For each id, how often it was answered, and with what. One thread adds, others may look. */
final class Tallies {

  /** What a dead letter has in the place of a vector's digest. */
  static final long DEAD_LETTER = 0;

  /** The answers to one id, so far. */
  private record Tally(int times, long digest, boolean changed) {

    Tally and(Tally other) {
      return new Tally(times + other.times, other.digest, changed || digest != other.digest);
    }
  }

  private final Map<String, Tally> tallies = new ConcurrentHashMap<>();
  private final Map<String, Integer> codes = new ConcurrentHashMap<>();

  void addEmbedding(String id, List<Float> vector) {
    add(id, digest(vector));
  }

  void addDeadLetter(String id, String code) {
    codes.merge(code, 1, Integer::sum);
    add(id, DEAD_LETTER);
  }

  private void add(String id, long digest) {
    tallies.merge(id, new Tally(1, digest, false), Tally::and);
  }

  /** Of all bits of the vector, in order; never that of a dead letter. */
  private static long digest(List<Float> vector) {
    long digest = 1;
    for (float feature : vector) {
      digest = 0x100000001b3L * (digest ^ Float.floatToRawIntBits(feature));
      digest ^= digest >>> 29;
    }
    return digest == DEAD_LETTER ? 1 : digest;
  }

  /** How many ids have an answer. */
  int answered() {
    return tallies.size();
  }

  /** Dead letters by code. */
  Map<String, Integer> codes() {
    return new HashMap<>(codes);
  }

  /** Each id with the digest of its vector. */
  Map<String, Long> digests() {
    Map<String, Long> digests = new HashMap<>();
    tallies.forEach((id, tally) -> digests.put(id, tally.digest));
    return digests;
  }

  /** Those of the ids that have no answer. */
  List<String> missing(Collection<String> ids) {
    return ids.stream().filter(id -> !tallies.containsKey(id)).toList();
  }

  /** Ids that were answered more than once. */
  List<String> repeated() {
    return tallies.entrySet().stream()
        .filter(each -> each.getValue().times > 1)
        .map(Map.Entry::getKey)
        .sorted()
        .toList();
  }

  /**
   * Ids that have another answer than they should, or two different ones, or should have none.
   *
   * @param right digests by id
   */
  List<String> differing(Map<String, Long> right) {
    return tallies.entrySet().stream()
        .filter(
            each ->
                each.getValue().changed
                    || !Long.valueOf(each.getValue().digest).equals(right.get(each.getKey())))
        .map(Map.Entry::getKey)
        .sorted()
        .toList();
  }
}
