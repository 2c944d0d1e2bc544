/**
 * The metadata log of a cluster, agreed on by Apache Ratis: {@link io.headwater.broker.consensus.RatisQuorum} is the
 * {@link io.headwater.broker.metadata.MetadataQuorum} of a broker that is a voter. What a command does is decided in {@code
 * broker.metadata}; here is only how several brokers come to the same order of commands, and keep it.
 *
 * <p>Ratis does not open a port: its calls travel through {@link io.headwater.broker.consensus.RaftCalls}, whoever carries
 * them. A cluster of one without a peer listener does not load any of this. Knows no topic, no partition and no socket.
 * Start reading at {@code RatisQuorum}.
 */
@NullMarked
package io.headwater.broker.consensus;

import org.jspecify.annotations.NullMarked;
