/**
 * The server. {@link io.headwater.broker.Broker} wires the rooms and nobody imports it. A request is a value: {@code
 * net} decodes it, the mailbox of the one owner of its partition ({@code shard}) or of the control agent ({@code
 * control}) takes it, a handler ({@code stream}) turns it into log operations and a reply now or a parked one.
 */
@NullMarked
package io.headwater.broker;

import org.jspecify.annotations.NullMarked;
