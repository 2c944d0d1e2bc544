/**
 * The edge: the only place where this client touches a socket, a thread or a clock. What lies behind it is a state
 * machine that sees {@link io.headwater.client.link.Link} and {@link io.headwater.client.link.Loop}, so that a test or a
 * simulation can run clients without any of the three. Knows frames, and nothing of producers or consumers. Start
 * reading at {@link io.headwater.client.link.Link}.
 */
@NullMarked
package io.headwater.client.link;

import org.jspecify.annotations.NullMarked;
