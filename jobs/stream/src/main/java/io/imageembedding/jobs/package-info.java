// SPDX-License-Identifier: Apache-2.0
/** What a person starts: the streaming job. */
package io.imageembedding.jobs;
