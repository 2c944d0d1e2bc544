/**
 * Frames and their errors: how what is said on the wire becomes bytes and comes back. The messages themselves are
 * generated from {@code headwater.proto} into {@code io.headwater.protocol.wire}; {@code docs/protocol.md} tells the
 * story of each exchange. Knows no topic, no partition and no thread: it turns bytes into values and back. Start
 * reading at {@link io.headwater.protocol.FrameLayout}.
 */
@NullMarked
package io.headwater.protocol;

import org.jspecify.annotations.NullMarked;
