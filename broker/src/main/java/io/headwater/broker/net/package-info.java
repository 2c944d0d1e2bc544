/**
 * The listeners: bytes become values and values become bytes. Decides nothing about records, topics or groups, owns no
 * partition, and never blocks. May know the protocol and Netty; knows neither the shards nor the control agent, only
 * the mailboxes that it is given. Start reading at {@code Listener}.
 */
@NullMarked
package io.headwater.broker.net;

import org.jspecify.annotations.NullMarked;
