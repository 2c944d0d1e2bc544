/**
 * Handlers of streams over a partition: produce, subscribe and deliver. They run on the owner's thread and turn a
 * request into log operations and a reply, now or parked. They know neither the shard nor the network beyond {@link
 * io.headwater.broker.net.Connection}.
 */
@NullMarked
package io.headwater.broker.stream;

import org.jspecify.annotations.NullMarked;
