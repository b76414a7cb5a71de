// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.annotation.Internal;
import java.util.Locale;

/** What somebody can choose of a model, by the name of the option. */
@Internal
public enum Choice {
  SIGNATURE,
  INPUT_NAME,
  OUTPUT_NAME,
  INPUT_RANGE;

  /** As it is written on the command line. */
  public String option() {
    return "--" + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
