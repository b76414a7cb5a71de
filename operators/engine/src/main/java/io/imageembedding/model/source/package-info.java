// SPDX-License-Identifier: Apache-2.0
/** What a text names: the built-in model, made-up ones, files of here and of elsewhere. */
package io.imageembedding.model.source;
