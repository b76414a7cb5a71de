// SPDX-License-Identifier: Apache-2.0
/**
 * What the project's own values need to travel between Flink tasks: a serializer with a version in
 * front of every value, and the type information that leads to it. Nothing travels by Kryo.
 */
package io.imageembedding.types;
