/**
 * An append-only log in segments, and the views derived from it.
 *
 * <p><b>Lives here:</b> partition logs and their files ({@code PartitionLog}, {@code DataDirectory}); the sync thread
 * that makes them durable ({@link io.headwater.storage.GroupCommit}); the one small file that is not derived from the
 * logs ({@link io.headwater.storage.Marks}); views in RocksDB ({@link io.headwater.storage.ViewStore}); and the port to
 * the file system that all of it goes through ({@link io.headwater.storage.Disk}).
 *
 * <p><b>May not know:</b> topics, groups, leaders, clients or the network. It sees partition ids, entries and bytes.
 *
 * <p><b>Start reading</b> at {@code DataDirectory}, then {@code PartitionLog.flush} and
 * {@link io.headwater.storage.GroupCommit#doWork}. The bytes are drawn in {@code docs/storage-format.md}.
 */
@NullMarked
package io.headwater.storage;

import org.jspecify.annotations.NullMarked;
