package io.headwater.broker.shard;

import io.headwater.broker.copy.CopyFailedException;
import io.headwater.broker.copy.CopyLog;
import io.headwater.broker.copy.CopyPromises;
import io.headwater.broker.copy.Views;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.partition.Commitment;
import io.headwater.broker.replica.ControllerMessage;
import io.headwater.broker.replica.Messages;
import io.headwater.broker.replica.PartitionView;
import io.headwater.broker.replica.Replica;
import io.headwater.broker.replica.ReplicaMessage;
import io.headwater.broker.replica.ReplicaOwner;
import io.headwater.broker.replica.ReplicaPorts;
import io.headwater.broker.replica.ReplicaStart;
import io.headwater.protocol.wire.AckLevel;
import io.headwater.storage.DiskFullException;
import io.headwater.storage.LogOfflineException;
import io.headwater.storage.LogStart;
import io.headwater.storage.PartitionLog;
import io.headwater.storage.StorageException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One copy of a partition in the hands of its owner: its log, the replica that decides what becomes of it, and, while that
 * leads and knows what is committed, what serves clients. Everything that clients see is derived from the log when this
 * broker begins to lead, and forgotten when it stops.
 */
final class LocalReplica implements Commitment, Messages, ReplicaOwner {
    private static final Logger LOG = LoggerFactory.getLogger(LocalReplica.class);
    private static final int NEVER_LED = 0;
    /** Of a disk that takes nothing, before another broker leads. */
    private static final long STUCK_MS = 2_000;

    final PartitionLog log;
    private final io.headwater.broker.metadata.Replica self;
    private final CopyLog copy;
    private final CopyPromises promises;
    private final Replica replica;
    private final ReplicaPost post;
    private final ShardGauges gauges;
    private final SegmentCopies copies;
    /** As the metadata had it last. */
    private PartitionInfo info;
    /** Nobody else has a copy. */
    private boolean alone;
    /** At this topic's level. */
    private boolean commitsWritten;

    /** In the shard's list of partitions that this turn writes. */
    boolean toFlush;
    /** In the shard's list of partitions that may not be wholly committed, or not online any more. */
    boolean unsettled;
    /** In the list of those that repeat what got no answer. */
    boolean ticking;
    /** While it is served. */
    @Nullable
    Owned owned;

    private int epoch = NEVER_LED;
    /** Counted as begun, and not as ended. */
    private boolean countedAsLeader;
    /** Where the log ended when the epoch began: what is before is not its own, and must be committed first. */
    private long inherited;

    private long durableSeen;
    private long stuckAt = -1;
    private long stuckSinceMs;
    private boolean wasBehind;
    private @Nullable String halted;
    private boolean mustCopy;
    private long copyUntil;
    private boolean goesOn;
    private boolean mustBeginAnew;

    /** Its replica knows nothing of who leads yet: {@link #begin}. */
    LocalReplica(PartitionInfo info, Shard shard, Replicas home) throws StorageException {
        NodeInfo self = home.self();
        this.info = info;
        this.log = shard.data().log(info.partitionId());
        this.self = self.replica();
        this.post = home.post();
        this.gauges = home.shard().gauges();
        this.copies = home.copying;
        this.copy = new CopyLog(log, home.shard().data().marks(), home.shard().epochClock());
        this.promises = new CopyPromises(
                home.promises(),
                info.partitionId(),
                home.shard().soon(),
                epoch -> home.promised(this, epoch),
                cause -> home.promiseLost(this, cause));
        ReplicaStart start = copy.start(Views.id(self.replica()), self.incarnation(), home.newLife());
        this.replica = new Replica(start, new ReplicaPorts(copy, promises, this, this), shard.replication());
        this.alone = info.replicas().isOnly(this.self);
        this.durableSeen = log.durableIndex();
    }

    /** Nothing is written for it any more. */
    void close() {
        promises.close();
        copies.end(this);
        countEnd();
    }

    PartitionInfo info() {
        return info;
    }

    long partitionId() {
        return info.partitionId();
    }

    Replica replica() {
        return replica;
    }

    /** What the metadata say by now. */
    void begin(MetadataImage image) {
        show(Views.of(image, info));
        replica.onDurable();
    }

    @SuppressWarnings("ReferenceEquality") // A partition that has not changed is the same object.
    void follow(MetadataImage image, PartitionInfo newest) {
        if (info != newest || Views.commitsWritten(image.topic(newest.topicName())) != commitsWritten) {
            if (info.epoch() != newest.epoch()) {
                copy.mayCopy(true);
            }
            info = newest;
            boolean wasAlone = alone;
            alone = newest.replicas().isOnly(self);
            if (wasAlone && !alone) {
                copy.committed(replica.commit());
            }
            show(Views.of(image, newest));
        }
    }

    private void show(PartitionView view) {
        commitsWritten = view.commitsWritten();
        replica.onView(view);
        lookSynced();
    }

    private void lookSynced() {
        if (!commitsWritten) {
            copy.countsDurable();
        }
    }

    /** Whether an acknowledgement may leave when this turn's write has succeeded: nobody else is to have it. */
    boolean acknowledgesWritten() {
        try {
            return alone && commitsWritten && copy.mayCountWritten();
        } catch (CopyFailedException e) {
            return false; // when it is on disk, then
        }
    }

    /** What an acknowledgement names that leaves now: the topic may have had another level when it was counted. */
    AckLevel reached(AckLevel level, long index) {
        return level == AckLevel.ACK_PERSISTED && index > replica.persisted() ? AckLevel.ACK_REPLICATED : level;
    }

    /** @param leaderStart of the log of a leader, where the message is one that tells */
    void receive(LogStart leaderStart, ReplicaMessage message) {
        replica.receive(message);
        // It may have been cut.
        durableSeen = Math.min(durableSeen, log.durableIndex());
        if (mustCopy) {
            mustCopy = false;
            if (!goesOn) {
                beginAt(leaderStart);
            }
            copies.begin(this, copyUntil);
        } else if (leaderStart.index() > log.startIndex() && !replica.isLeading()) {
            copy.dropBefore(leaderStart.index());
        }
    }

    private void beginAt(LogStart leaderStart) {
        try {
            copy.beginAt(leaderStart);
        } catch (CopyFailedException e) {
            if (e.isFull()) {
                replica.onNotCopied();
            }
            throw e;
        }
    }

    /** @param more whether it takes segments again, where it may; else not before another epoch */
    void copied(boolean more) {
        copy.mayCopy(more);
        replica.onCopied(copy.committed());
    }

    CopyLog copy() {
        return copy;
    }

    /** Looks for damage once more; if it is there, {@link #fault} says so from now on. */
    void recheck(long baseIndex, long position) {
        try {
            log.recheck(baseIndex, position);
        } catch (StorageException e) {
            LOG.warn("partition {}: {}", info.displayName(), e.getMessage());
        }
    }

    /** Tells the replica if more is on disk than when it was told last; true: it was told. If it fails, {@link #fault} says so. */
    boolean lookDurable() {
        long durable = log.durableIndex();
        boolean moved = durable != durableSeen;
        if (moved) {
            durableSeen = durable;
            lookSynced();
            try {
                replica.onDurable();
            } catch (CopyFailedException e) {
                if (!e.isFull()) {
                    halted = String.valueOf(e.getMessage());
                }
            }
        }
        return moved;
    }

    /** Writes what this turn appended, and sends it to the others. */
    void flush(Shard shard) throws LogOfflineException {
        if (owned != null) {
            owned.flush(shard);
        }
        try {
            copy.flush();
            replica.onAppended();
        } catch (CopyFailedException e) {
            throw new LogOfflineException(String.valueOf(e.getMessage()), e);
        }
    }

    /** Whether it leads a partition that others have copies of. */
    boolean leadsOthers() {
        return !alone && replica.isLeading();
    }

    /** Whether it is a copy of a partition that others have copies of too, and does not lead it. */
    boolean follows() {
        return !alone && !replica.isLeading();
    }

    /** A leader whose disk hangs stops nobody else: the others have what it sent them. */
    void lookStuck(long nowMs) {
        if (!leadsOthers()) {
            return;
        }
        long stuckMs = stuckForMs(nowMs);
        if (stuckMs >= STUCK_MS) {
            LOG.warn(
                    "partition {}: this disk has taken nothing for {} ms: another broker is to lead",
                    info.displayName(),
                    stuckMs);
            tellController(new ControllerMessage.SealWanted(epoch));
        }
    }

    /** How long it has had something that its disk does not take; 0: it takes everything. */
    private long stuckForMs(long nowMs) {
        boolean behind = log.durableIndex() < log.endIndex();
        if (!behind || !wasBehind || log.durableIndex() != stuckAt) {
            stuckAt = log.durableIndex();
            stuckSinceMs = nowMs;
        }
        // What was written since the last look has had no time yet, however long ago that was.
        wasBehind = behind;
        return nowMs - stuckSinceMs;
    }

    /** Whether clients may be served: it leads, and all that it has from before is committed. */
    boolean mayServe() {
        return replica.acceptsAppends() && replica.knowsEnd() && replica.commit() >= inherited;
    }

    /** Why it cannot go on; null: it can. */
    @Nullable
    String fault() {
        return halted != null ? halted : log.offlineReason();
    }

    /** Whether its log is of no use, and another copy has to begin in its place. */
    boolean isVoid() {
        return mustBeginAnew;
    }

    /** Whether something was appended that {@link #flush} has not written yet. */
    boolean isDirty() {
        return copy.isDirty();
    }

    /** Whether everything is on disk, and what is served knows what is committed. */
    boolean isSettled() {
        Owned serving = owned;
        return !copy.isDirty()
                // As the replica knows it: what the disk has since will be told in another turn, and only if this waits
                // for it.
                && durableSeen >= log.endIndex()
                && (serving == null || serving.partition.committedIndex() >= replica.commit());
    }

    // Commitment: of what is served

    @Override
    public int epoch() {
        return epoch;
    }

    @Override
    public void beforeAppend() throws DiskFullException, LogOfflineException {
        try {
            replica.beforeAppend();
        } catch (CopyFailedException e) {
            if (e.getCause() instanceof DiskFullException full) {
                throw full;
            }
            throw new LogOfflineException(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public long index() {
        return replica.commit();
    }

    // Messages

    @Override
    public void send(int node, ReplicaMessage message) {
        post.send(node, info.partitionId(), log.start(), message);
    }

    @Override
    public void answer(int controllerNode, ControllerMessage.SealReport report) {
        post.answer(controllerNode, info.partitionId(), report);
    }

    @Override
    public void tellController(ControllerMessage message) {
        post.tellController(info.partitionId(), message);
    }

    // ReplicaOwner

    @Override
    public void leads(int led) {
        copies.end(this);
        epoch = led;
        countedAsLeader = true;
        gauges.leadershipsBegun++;
        inherited = log.endIndex();
        copy.lead(led);
        if (alone) {
            copy.onlyCopy();
        }
    }

    @Override
    public void stopsLeading(int led) {
        // What was served ends with the call that this is part of: see Replicas.
        copy.follow();
        countEnd();
    }

    private void countEnd() {
        if (countedAsLeader) {
            countedAsLeader = false;
            gauges.leadershipsEnded++;
        }
    }

    @Override
    public void committed(long endIndex) {
        if (alone) {
            copy.onlyCopy();
        } else {
            copy.committed(endIndex);
        }
    }

    @Override
    public void mustCopy(long fromIndex, long untilIndex, boolean goesOnThere) {
        mustCopy = true;
        copyUntil = untilIndex;
        goesOn = goesOnThere;
    }

    @Override
    public void mustBeginAnew() {
        mustBeginAnew = true;
    }

    @Override
    public void wholeAgain() {
        if (copy.wholeAgain()) {
            gauges.repairsEnded++;
        }
        LOG.info("partition {}: this copy counts again, up to entry {}", info.displayName(), log.endIndex());
    }

    @Override
    public boolean mayCountWritten() {
        return copy.mayCountWritten();
    }

    @Override
    public void halted(String reason) {
        halted = reason;
    }
}
