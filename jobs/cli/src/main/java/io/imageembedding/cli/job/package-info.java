// SPDX-License-Identifier: Apache-2.0
/** A job that a command has started: where it runs, how it fares, what it can go on from. */
package io.imageembedding.cli.job;
