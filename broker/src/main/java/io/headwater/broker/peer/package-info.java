/**
 * Brokers among themselves: one listener, one connection in each direction between two nodes, over which everything goes
 * that they have to say. Knows frames and who may connect; what is said is for others. Decides nothing, and never blocks a
 * thread of the network. Start reading at {@link io.headwater.broker.peer.Peers}, then {@code NettyPeers}.
 */
@NullMarked
package io.headwater.broker.peer;

import org.jspecify.annotations.NullMarked;
