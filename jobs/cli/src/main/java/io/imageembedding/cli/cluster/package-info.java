// SPDX-License-Identifier: Apache-2.0
/** What a cluster says of its jobs over Flink's REST interface. */
package io.imageembedding.cli.cluster;
