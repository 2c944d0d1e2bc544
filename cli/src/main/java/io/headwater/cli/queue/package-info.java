/**
 * Queue and keyed groups of a topic: made, worked on, looked at, operated. Knows only the client. Start at {@link
 * io.headwater.cli.queue.QueueCommand}.
 */
@NullMarked
package io.headwater.cli.queue;

import org.jspecify.annotations.NullMarked;
