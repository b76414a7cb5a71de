// SPDX-License-Identifier: Apache-2.0
/** A page for the browser that shows what is in a store, and finds pictures like one. */
package io.imageembedding.cli.page;
