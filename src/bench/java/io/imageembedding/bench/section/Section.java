// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.section;

import io.imageembedding.bench.report.Report;

/** Measurements that belong together. */
public interface Section {

  String name();

  void measure(Setting setting, Report report) throws Exception;
}
