/**
 * The floor under every broker of this kind: receive, check the CRC, write, sync, acknowledge, and nothing else. What a
 * broker costs beyond it is the broker's own. Start at {@link io.headwater.benchmarks.floor.FloorServer}.
 */
@NullMarked
package io.headwater.benchmarks.floor;

import org.jspecify.annotations.NullMarked;
