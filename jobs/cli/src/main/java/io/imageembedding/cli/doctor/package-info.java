// SPDX-License-Identifier: Apache-2.0
/** Looks at what a job needs, before it runs. */
package io.imageembedding.cli.doctor;
