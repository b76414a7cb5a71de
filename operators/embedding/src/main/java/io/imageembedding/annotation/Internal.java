// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Target;

/**
 * Marks what is public only for other modules of this project. No user may rely on it: it can
 * change, move or go in any release. Where Flink is on the class path its own annotation of this
 * name says the same.
 */
@Documented
@Target({ElementType.TYPE, ElementType.CONSTRUCTOR, ElementType.METHOD, ElementType.FIELD})
public @interface Internal {}
