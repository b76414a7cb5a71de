// SPDX-License-Identifier: Apache-2.0
/** What is measured by JMH. */
package io.imageembedding.bench.micro;
