package io.headwater.broker.replica;

/** What replicas of a partition say to each other. Each message belongs to an epoch. */
public sealed interface ReplicaMessage {
    int epoch();

    void deliverTo(Replica replica);

    /**
     * Follower to leader: this is my log, and it stays like this until you have answered.
     *
     * @param takesSegments it ends where a segment does: I could copy those that come next instead of being sent them
     */
    record Attach(int epoch, AttachId id, LogTail log, boolean takesSegments) implements ReplicaMessage {
        @Override
        public void deliverTo(Replica replica) {
            replica.onAttach(this);
        }
    }

    /**
     * Leader to follower: cut your log there, and I go on from there.
     *
     * @param end of the leader's log now: all that the follower may have acknowledged before is below it
     */
    record AttachOk(int epoch, AttachId id, long truncateTo, long commit, long end) implements ReplicaMessage {
        @Override
        public void deliverTo(Replica replica) {
            replica.onAttachOk(this);
        }
    }

    /** Leader to follower: nothing in common so far; attach again with the epochs before this index. */
    record TellMore(int epoch, AttachId id, long beforeIndex) implements ReplicaMessage {
        @Override
        public void deliverTo(Replica replica) {
            replica.onTellMore(this);
        }
    }

    /**
     * Leader to follower: I cannot send what you lack; begin anew where my log does and copy segments from there on, then
     * attach again. To one that is attached: attach again, for what you lack, as far as I know, is not there any more.
     *
     * @param goesOn what the follower has is mine, all of it, and stays: it lacks whole segments, and could be sent them
     * @param end of the leader's log at this moment
     */
    record CopyFirst(int epoch, AttachId id, long fromIndex, boolean goesOn, long end) implements ReplicaMessage {
        @Override
        public void deliverTo(Replica replica) {
            replica.onCopyFirst(this);
        }
    }

    /** Leader to follower: entries as they are in the log. */
    record Append(int epoch, ReplicaId to, Entries entries, long commit) implements ReplicaMessage {
        @Override
        public void deliverTo(Replica replica) {
            replica.onAppend(this);
        }
    }

    /**
     * Follower to leader: all before this index is on my disk.
     *
     * @param writtenEnd all before it survives the end of my process, where that counts; else {@code durableEnd}
     */
    record Ack(int epoch, ReplicaId from, long durableEnd, long writtenEnd) implements ReplicaMessage {
        public Ack(int epoch, ReplicaId from, long durableEnd) {
            this(epoch, from, durableEnd, durableEnd);
        }

        @Override
        public void deliverTo(Replica replica) {
            replica.onAck(this);
        }
    }

    /** Leader to follower: all before this index is committed. */
    record Commit(int epoch, ReplicaId to, long commit) implements ReplicaMessage {
        @Override
        public void deliverTo(Replica replica) {
            replica.onCommit(this);
        }
    }

    /** Leader to follower: do you still follow me? */
    record Confirm(int epoch, ReplicaId to, long round) implements ReplicaMessage {
        @Override
        public void deliverTo(Replica replica) {
            replica.onConfirm(this);
        }
    }

    /** Follower to leader: when you asked in this round, I did. */
    record Confirmed(int epoch, ReplicaId from, long round) implements ReplicaMessage {
        @Override
        public void deliverTo(Replica replica) {
            replica.onConfirmed(this);
        }
    }
}
