// SPDX-License-Identifier: Apache-2.0
/** What users may rely on, and what is public only for other modules of this project. */
package io.imageembedding.annotation;
