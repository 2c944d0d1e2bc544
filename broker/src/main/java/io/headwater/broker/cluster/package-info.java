/**
 * A broker as a member of a cluster: how it founds one, joins one or comes back to it; how it proposes to the metadata and
 * learns of it, as a voter or not; and what the node of the leading voter does besides, which is to say who is alive, give
 * partitions their leaders, and see to it that there are enough voters. A standalone broker loads none of this.
 *
 * <p>Everything happens on one thread, in {@link io.headwater.broker.cluster.ClusterMetadata#doWork}; what comes in from
 * other threads waits in {@link io.headwater.broker.cluster.ClusterMailbox}. What a command does is decided in {@code
 * broker.metadata}, its order in {@code broker.consensus}, who leads a partition in {@code broker.replica}. Knows no socket
 * and no partition's log. Start reading at {@code ClusterMetadata}; the first minute of a member is in {@code ClusterNode}.
 */
@NullMarked
package io.headwater.broker.cluster;

import org.jspecify.annotations.NullMarked;
