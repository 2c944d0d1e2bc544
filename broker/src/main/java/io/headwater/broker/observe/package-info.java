/**
 * What the broker says of itself: metrics for Prometheus, health, and the small HTTP listener that serves both. Reads
 * counters that others own, when asked and not before; nothing here runs per record.
 *
 * <p>Knows {@link io.headwater.broker.observe.Vitals}, the face that the rest of the broker shows it, and Netty. Start
 * reading at {@code Vitals}.
 */
@NullMarked
package io.headwater.broker.observe;

import org.jspecify.annotations.NullMarked;
