/**
 * Queue and keyed groups: which record is whose, how often it was tried, and who gets the next one. {@link
 * io.headwater.broker.queue.QueueEngine} is the state of one group in one partition. Pure: time comes in as an argument,
 * chance through the constructor, and nothing is read or written: what it decides goes as operations into a {@link
 * io.headwater.broker.queue.QueueOps}, which the partition puts into its log, and comes back from there after a restart.
 *
 * <p>Knows no partition, no log and no connection (only a session's number). Start reading at {@code QueueState}: what
 * there is to know; then {@code Granter} and {@code Attempts}: what is decided.
 */
@NullMarked
package io.headwater.broker.queue;

import org.jspecify.annotations.NullMarked;
