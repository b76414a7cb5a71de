// SPDX-License-Identifier: Apache-2.0
/** Images to a topic, and records from one. */
package io.imageembedding.cli.topic;
