// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

/** Shows that everything that is measured runs; the figures say nothing. */
class StoreMeasurementTest extends StoreMeasurement {

  @Override
  Sizes sizes() {
    return new Sizes(1, 2, 300, 300, 20);
  }
}
