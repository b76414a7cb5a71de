// SPDX-License-Identifier: Apache-2.0
/** The demonstration: its images, its broker. */
package io.imageembedding.cli.demo;
