// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

/** Measurements that belong together. */
interface Section {

  String name();

  void measure(Bench.Setting setting, Report report) throws Exception;
}
