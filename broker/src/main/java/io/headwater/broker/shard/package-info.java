/**
 * The owners. A {@code Shard} is one agent with one mailbox; every partition belongs to exactly one shard, and nothing
 * else touches its state. Here live the mailboxes, the waiting room and the turn: drain, handle, flush once, reply. May
 * know partitions and their handlers; knows nothing of sockets beyond {@link io.headwater.broker.net.Connection}.
 */
@NullMarked
package io.headwater.broker.shard;

import org.jspecify.annotations.NullMarked;
