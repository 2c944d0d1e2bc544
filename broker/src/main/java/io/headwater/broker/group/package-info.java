/**
 * Who of a stream group reads which partition. Pure: time comes in as an argument, assignments go out as values, and
 * nothing is read or written, so that a simulation can drive it through thousands of histories. {@link
 * io.headwater.broker.group.GroupCoordinator} holds all groups, {@code StreamGroup} one, and {@code Assignor} decides
 * where partitions should be.
 *
 * <p>Knows no connection (only its id), no log and no position: positions belong to the partitions. Start reading at
 * {@code StreamGroup}.
 */
@NullMarked
package io.headwater.broker.group;

import org.jspecify.annotations.NullMarked;
