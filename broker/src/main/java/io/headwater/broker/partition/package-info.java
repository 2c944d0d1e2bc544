/**
 * A partition: a log with an epoch, a committed offset, the producers' windows and the groups' positions, all rebuilt
 * from the log. Single-threaded by construction: only its shard calls it. Knows storage; knows neither network nor
 * shard. {@link io.headwater.broker.partition.Partitions} is the port through which other rooms talk to owners.
 */
@NullMarked
package io.headwater.broker.partition;

import org.jspecify.annotations.NullMarked;
