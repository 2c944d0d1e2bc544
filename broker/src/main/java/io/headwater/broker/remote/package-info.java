/**
 * Partitions that other brokers lead: the port {@link io.headwater.broker.partition.Partitions} over the peer connection,
 * from both ends. Start reading at {@link io.headwater.broker.remote.RemotePartitions}.
 */
@NullMarked
package io.headwater.broker.remote;

import org.jspecify.annotations.NullMarked;
