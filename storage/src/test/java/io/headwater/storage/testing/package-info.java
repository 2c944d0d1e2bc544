/**
 * Disks for tests, of this module and of others.
 *
 * <p><b>Lives here:</b> {@link io.headwater.storage.testing.MemoryDisk}, which remembers what was synced and can lose
 * the rest; and {@link io.headwater.storage.testing.FaultyDisk}, which puts faults in front of any disk, a real one
 * included. The two combine.
 *
 * <p><b>May not know:</b> what the files mean.
 */
@NullMarked
package io.headwater.storage.testing;

import org.jspecify.annotations.NullMarked;
