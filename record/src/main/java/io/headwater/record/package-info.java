/**
 * The bytes everyone agrees on: the record batch that a producer builds, the disk keeps and a consumer reads; the
 * envelope that a broker puts in front of each entry of a log; and the hash that sends a key to its partition.
 *
 * <p>Knows the JDK and the compression codecs, nothing else: no sockets, no files, no clocks, no Netty.
 *
 * <p>Start at {@link io.headwater.record.BatchLayout} for the bytes, then {@link io.headwater.record.RecordBatch} to read
 * and {@link io.headwater.record.RecordBatchBuilder} to write them.
 */
@NullMarked
package io.headwater.record;

import org.jspecify.annotations.NullMarked;
