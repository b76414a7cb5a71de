// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

/** A server of a test's own, which may be killed. */
public interface TestingServer extends AutoCloseable {

  /** Without the part of it that a test has for itself. */
  String address();

  /** Ends every process of the server at once, as a loss of power would. */
  void kill() throws Exception;

  /** Starts the server on the data that it has. */
  void startAgain() throws Exception;

  @Override
  void close() throws Exception;
}
