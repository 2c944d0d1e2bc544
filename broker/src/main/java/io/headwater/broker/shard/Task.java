package io.headwater.broker.shard;

import io.headwater.protocol.wire.Error;

/** A value in an owner's mailbox: what somebody wants to be done with a partition of this owner. */
interface Task {
    /** On the owner's thread. Must not block on anything but the disk. */
    void run(Shard shard);

    /** Instead of {@link #run}: the owner stops, and nothing of this has happened. */
    void refuse(Error why);
}
