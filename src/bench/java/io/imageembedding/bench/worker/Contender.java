// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.worker;

import java.util.Map;

/**
 * Something that is measured, in a process of its own: native thread pools are set up once for a
 * process, and those of rivals would disturb each other.
 */
public interface Contender extends AutoCloseable {

  /** What is known before the first round, such as how far its vectors are from the expected. */
  Map<String, Double> facts();

  /** Works as the arguments say, and gives the figures. */
  Map<String, Double> run(Arguments arguments) throws Exception;

  @Override
  void close() throws Exception;
}
