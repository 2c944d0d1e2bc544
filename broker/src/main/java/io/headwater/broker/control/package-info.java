/**
 * The housekeeper: one thread that owns what belongs to no partition. It answers every request about topics, groups,
 * producer ids and status, runs the timers (sessions, retention, hibernation, views) and proposes metadata. It talks to
 * partitions only through {@link io.headwater.broker.partition.Partitions} and to clients only through {@link
 * io.headwater.broker.net.Connection}; answers of partitions come back as values in its own mailbox, so nothing here
 * needs a lock.
 *
 * <p>Start reading at {@code ControlAgent}; each kind of request has its own {@code …Handlers}.
 */
@NullMarked
package io.headwater.broker.control;

import org.jspecify.annotations.NullMarked;
