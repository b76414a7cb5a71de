// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Target;

/**
 * Marks what users may rely on. It keeps its meaning in every release with the same first two
 * numbers, and changes in another only as CHANGELOG.md says. Where Flink is on the class path its
 * own annotation of this name says the same.
 */
@Documented
@Target({ElementType.TYPE, ElementType.CONSTRUCTOR, ElementType.METHOD, ElementType.FIELD})
public @interface PublicEvolving {}
