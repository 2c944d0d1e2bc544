/**
 * Headwater beside Kafka: starts both as child processes, loads them with the same driver in interleaved pairs, and says
 * for each figure what was aimed at and what was measured. Start at {@link io.headwater.benchmarks.peers.Compare}; what
 * is measured stands in the {@code …Scenario} classes, one each. May not reach into the broker: it is a process here.
 */
@NullMarked
package io.headwater.benchmarks.peers;

import org.jspecify.annotations.NullMarked;
