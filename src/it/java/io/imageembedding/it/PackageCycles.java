// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.lang.ArchRule;

/** What holds for every package of every module, at whatever depth. */
public final class PackageCycles {
  public static final ArchRule NONE =
      slices().matching("io.imageembedding.(**)").should().beFreeOfCycles();

  private PackageCycles() {}
}
