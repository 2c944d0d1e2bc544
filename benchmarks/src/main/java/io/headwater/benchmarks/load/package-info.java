/**
 * The load driver: what {@code headwater bench} and the comparison with Kafka run. Open loop: a schedule decides when a
 * record is due, latency counts from then, and a slow broker cannot slow the schedule down and so hide its own delays.
 *
 * <p>Start at {@link io.headwater.benchmarks.load.ProduceLoad}, {@link io.headwater.benchmarks.load.ConsumeLoad}, {@link
 * io.headwater.benchmarks.load.LatencyLoad} and {@link io.headwater.benchmarks.load.QueueLoad}: values that say what to
 * do, each with a {@code run}. They drive a {@link io.headwater.benchmarks.load.LoadTarget} or {@link
 * io.headwater.benchmarks.load.QueueTarget}, so that two systems can be loaded by the same code. May not know the
 * broker: it sees what any client sees.
 */
@NullMarked
package io.headwater.benchmarks.load;

import org.jspecify.annotations.NullMarked;
