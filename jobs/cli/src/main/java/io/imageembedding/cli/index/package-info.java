// SPDX-License-Identifier: Apache-2.0
/** Files and topics into a store. */
package io.imageembedding.cli.index;
