/**
 * A replica's ports to what is real: a partition's log, and the marks that keep its promises. Start reading at {@link
 * io.headwater.broker.copy.CopyLog}; how a copy is filled with whole segments: {@link io.headwater.broker.copy.SegmentCopy}.
 *
 * <p>Knows storage, metadata and the core of replication; does not know owners, threads and the network.
 */
@NullMarked
package io.headwater.broker.copy;

import org.jspecify.annotations.NullMarked;
