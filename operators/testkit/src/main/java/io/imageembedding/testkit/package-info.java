// SPDX-License-Identifier: Apache-2.0
/** What tests of jobs are made of. Belongs into the scope of tests only. */
@NullMarked
package io.imageembedding.testkit;

import org.jspecify.annotations.NullMarked;
