// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.annotation.PublicEvolving;

/**
 * An image that the trained network takes for another class.
 *
 * @param file below the folder of images, with {@code /} between its parts
 * @param label name of its class
 * @param takenFor name of the class that the network gives the most probability
 * @param probability of that class, from 0 to 1
 */
@PublicEvolving
public record Misclassified(String file, String label, String takenFor, double probability) {}
