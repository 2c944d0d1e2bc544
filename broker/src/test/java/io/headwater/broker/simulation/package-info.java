/**
 * Whole brokers and clients in one thread, in simulated time, with every fault that they have to live with. Start reading at
 * {@link io.headwater.broker.simulation.World}, which says what is real and what is a model.
 */
@NullMarked
package io.headwater.broker.simulation;

import org.jspecify.annotations.NullMarked;
