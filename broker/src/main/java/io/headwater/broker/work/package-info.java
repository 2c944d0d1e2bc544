/**
 * The handlers of queue and keyed groups: {@link io.headwater.broker.work.QueueDesk} serves the consumers of a
 * partition's groups, operators and the curious. What is decided, and why, is {@code broker.queue}; here it meets
 * connections and bytes. Knows no owner and no mailbox.
 */
@NullMarked
package io.headwater.broker.work;

import org.jspecify.annotations.NullMarked;
