package io.headwater.broker.shard;

import io.headwater.broker.copy.CopyFailedException;
import io.headwater.broker.copy.PromiseKeeper;
import io.headwater.broker.copy.SegmentGiver;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.Replica;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.partition.NotLeaderException;
import io.headwater.broker.partition.PartitionErrors;
import io.headwater.broker.replica.ReplicaMessage;
import io.headwater.protocol.wire.Error;
import io.headwater.storage.CorruptLogException;
import io.headwater.storage.LogOfflineException;
import io.headwater.storage.LogStart;
import io.headwater.storage.StorageException;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The copies of partitions that an owner has: opens them, passes on what other brokers and the metadata say to them, and
 * serves clients from those that lead. On the owner's thread.
 */
final class Replicas {
    private static final Logger LOG = LoggerFactory.getLogger(Replicas.class);
    private static final long LOOK_MS = 500;
    private static final long NO_ROOM_MS = 5_000;
    /** Whichever node is up to it. */
    private static final int ANY = 0;

    private final Shard shard;
    private final NodeInfo self;
    private final ReplicaPost post;
    private final PromiseKeeper promises;
    private final Long2ObjectHashMap<LocalReplica> replicas = new Long2ObjectHashMap<>();
    private final Long2ObjectHashMap<Owned> served = new Long2ObjectHashMap<>();
    private final Absences absent;
    private final Resignations resigned;
    final SegmentCopies copying;
    private final Ticking ticking = new Ticking();
    private int lives;
    private long lookedMs;
    private @Nullable Runnable whenHandedOver;
    /** This broker stops: whatever it is to lead yet goes on to another one. */
    private boolean leaving;
    /** Until when copies do not ask to lead, as they could not. */
    private final Long2LongHashMap noRoomUntilMs = new Long2LongHashMap(0);

    /**
     * @param self this broker in its present incarnation
     * @param promises of all owners
     */
    Replicas(Shard shard, NodeInfo self, ReplicaPost post, PromiseKeeper promises, SegmentGiver segments) {
        this.shard = shard;
        this.self = self;
        this.post = post;
        this.promises = promises;
        this.resigned = new Resignations(post);
        this.copying = new SegmentCopies(this, segments, shard.soon());
        this.absent = new Absences(shard.gauges());
    }

    NodeInfo self() {
        return self;
    }

    ReplicaPost post() {
        return post;
    }

    PromiseKeeper promises() {
        return promises;
    }

    int newLife() {
        return ++lives;
    }

    Shard shard() {
        return shard;
    }

    // What is there

    /** The partition as clients are served from it, opened if this is its first use. */
    Owned serving(PartitionInfo info) throws StorageException {
        Owned owned = served.get(info.partitionId());
        if (owned != null) {
            return owned;
        }
        LocalReplica local = opened(info);
        if (local.owned == null && local.mayServe()) {
            serve(local);
        }
        if (local.owned == null) {
            throw NotLeaderException.of(shard.metadata(), info, self.nodeId());
        }
        return local.owned;
    }

    /** Every copy that is open, served or not. */
    Collection<LocalReplica> copies() {
        return replicas.values();
    }

    Collection<Owned> served() {
        return served.values();
    }

    /** Null: it is not served here now. */
    @Nullable
    Owned served(long partitionId) {
        return served.get(partitionId);
    }

    /** Whether it is offline until a restart. */
    boolean isBroken(long partitionId) {
        return absent.broken(partitionId) != null;
    }

    private LocalReplica opened(PartitionInfo info) throws StorageException {
        LocalReplica known = replicas.get(info.partitionId());
        if (known != null) {
            return known;
        }
        StorageException before = absent.broken(info.partitionId());
        if (before != null) {
            throw before;
        }
        if (!info.replicas().contains(self.replica())) {
            throw NotLeaderException.of(shard.metadata(), info, self.nodeId());
        }
        try {
            LocalReplica local = new LocalReplica(info, shard, this);
            replicas.put(info.partitionId(), local);
            absent.end(info.partitionId());
            with(local, each -> each.begin(shard.metadata()));
            StorageException failed = absent.broken(info.partitionId());
            if (failed != null) {
                throw failed;
            }
            return local;
        } catch (CopyFailedException e) {
            LogOfflineException why = new LogOfflineException(String.valueOf(e.getMessage()), e);
            broke(info, why);
            throw why;
        } catch (CorruptLogException | LogOfflineException e) {
            // Reading the same damage again would tell nothing new, and take long.
            broke(info, e);
            throw e;
        }
    }

    // What others say

    /** Copies that others have a part in are opened at once, those that nobody else has at their first use. */
    void followMetadata() {
        MetadataImage image = shard.metadata();
        for (TopicInfo topic : image.topics()) {
            for (PartitionInfo info : topic.partitions()) {
                if (shard.owns(info.partitionId())) {
                    follow(image, info);
                }
            }
        }
        List<Long> known = absent.all();
        known.addAll(replicas.keySet());
        known.stream().filter(id -> !isCopyHere(id)).forEach(this::remove);
        resigned.follow(image);
        lookHandedOver();
    }

    private void follow(MetadataImage image, PartitionInfo info) {
        Replica me = self.replica();
        LocalReplica local = replicas.get(info.partitionId());
        if (local != null && info.replicas().contains(me)) {
            with(local, replica -> replica.follow(image, info));
            if (local.owned != null) {
                shard.follow(local.owned);
            }
        } else if (info.replicas().contains(me) && !info.replicas().isOnly(me) && open(info) == null) {
            resigned.addIfNamed(info, self);
        }
    }

    private @Nullable LocalReplica open(PartitionInfo info) {
        try {
            return opened(info);
        } catch (NotLeaderException e) {
            return null;
        } catch (StorageException e) {
            if (!isBroken(info.partitionId()) && absent.delay(info.partitionId())) {
                LOG.warn("partition {}: cannot be opened now; tried again: {}", info.displayName(), e.getMessage());
            }
            return null;
        }
    }

    /** Who says something to a copy that is not open will say it again. */
    void with(long partitionId, Consumer<LocalReplica> say) {
        PartitionInfo info = shard.metadata().partition(partitionId);
        LocalReplica local = info == null ? null : open(info);
        if (local != null) {
            with(local, say);
        }
    }

    void with(LocalReplica local, Consumer<LocalReplica> say) {
        int epoch = local.epoch();
        try {
            say.accept(local);
        } catch (CopyFailedException e) {
            if (!e.isFull()) {
                goOffline(local, new LogOfflineException(String.valueOf(e.getMessage()), e));
                return;
            }
            if (local.epoch() != epoch) {
                // There was no room for the first entry of the epoch that it should lead: others may have it.
                noRoomUntilMs.put(local.partitionId(), lookedMs + NO_ROOM_MS);
                resigned.add(local.partitionId(), local.epoch());
            }
        }
        after(local);
    }

    void receive(long partitionId, LogStart senderStart, ReplicaMessage message) {
        with(partitionId, local -> local.receive(senderStart, message));
    }

    /** The bytes there seem to be damaged. */
    void recheck(long partitionId, long baseIndex, long position) {
        with(partitionId, local -> local.recheck(baseIndex, position));
    }

    void seal(int controllerNode, long partitionId, int epoch) {
        if (lookedMs < noRoomUntilMs.get(partitionId)) {
            // Who does not report is not elected.
            return;
        }
        with(partitionId, local -> local.replica().onSealRequest(controllerNode, epoch));
    }

    void transfer(long partitionId, int epoch, int to) {
        with(partitionId, local -> local.replica().onTransferRequest(epoch, to));
    }

    /** Other brokers are to lead what this one leads for them; then runs {@code done}. */
    void handOver(Runnable done) {
        whenHandedOver = done;
        leaving = true;
        for (LocalReplica local : List.copyOf(replicas.values())) {
            if (local.leadsOthers()) {
                with(local, each -> each.replica().onTransferRequest(each.epoch(), ANY));
            }
        }
        lookHandedOver();
    }

    private void lookHandedOver() {
        Runnable done = whenHandedOver;
        if (done != null && replicas.values().stream().noneMatch(LocalReplica::leadsOthers)) {
            whenHandedOver = null;
            done.run();
        }
    }

    /** What was sent to that node may be lost. */
    void disconnected(int node) {
        for (LocalReplica local : List.copyOf(replicas.values())) {
            with(local, each -> each.replica().onDisconnected(node));
        }
    }

    /** It is kept. */
    void promised(LocalReplica local, int epoch) {
        if (isOpen(local)) {
            with(local, each -> each.replica().onPromiseDurable(epoch));
        }
    }

    /** It never will be. */
    void promiseLost(LocalReplica local, Exception cause) {
        if (isOpen(local)) {
            goOffline(local, new LogOfflineException("its promise cannot be kept: " + cause.getMessage(), cause));
        }
    }

    @SuppressWarnings("ReferenceEquality") // It may have been opened again by then.
    private boolean isOpen(LocalReplica local) {
        return replicas.get(local.partitionId()) == local;
    }

    // What follows

    /** To be called after whatever may have changed what the replica is; not while it is served. */
    void after(LocalReplica local) {
        if (local.isVoid()) {
            beginAnew(local);
            return;
        }
        String fault = local.fault();
        if (fault != null) {
            goOffline(local, new LogOfflineException(fault, null));
            return;
        }
        if (leaving && local.leadsOthers() && local.mayServe()) {
            local.replica().onTransferRequest(local.epoch(), ANY);
        }
        if (local.owned != null && !local.mayServe()) {
            retire(local);
        } else if (local.owned == null && local.mayServe()) {
            try {
                serve(local);
            } catch (StorageException e) {
                // Whoever uses it tries again.
                LOG.warn("partition {}: cannot be served now: {}", local.info().displayName(), e.getMessage());
            }
        }
        ticking.look(local);
        if (local.isDirty()) {
            shard.appended(local);
        }
        if (!local.isSettled()) {
            shard.watch(local);
        }
    }

    private void beginAnew(LocalReplica local) {
        PartitionInfo info = local.info();
        if (isOpen(local)) {
            LOG.warn("partition {}: this copy holds what was given up by hand: it is copied anew", info.displayName());
            remove(info.partitionId());
            open(info);
        }
    }

    private void serve(LocalReplica local) throws StorageException {
        try {
            Owned owned = shard.serve(local);
            local.owned = owned;
            served.put(local.partitionId(), owned);
            shard.follow(owned);
            shard.turn(owned);
        } catch (CorruptLogException | LogOfflineException e) {
            goOffline(local, e);
            throw e;
        }
    }

    /** Another broker leads, or will: what was appended here and not committed may or may not be what it goes on with. */
    private void retire(LocalReplica local) {
        PartitionInfo newest = shard.metadata().partition(local.partitionId());
        PartitionInfo info = newest == null ? local.info() : newest;
        NotLeaderException now = NotLeaderException.of(shard.metadata(), info, self.nodeId());
        end(local, PartitionErrors.leadsNoLonger(info, now), PartitionErrors.of(info, now));
    }

    private void end(LocalReplica local, Error toRepliesWaiting, Error toReaders) {
        Owned owned = local.owned;
        if (owned != null) {
            local.owned = null;
            served.remove(local.partitionId());
            local.log.checkpointSource(() -> null);
            shard.forget(owned);
            owned.failAll(shard, toRepliesWaiting, toReaders);
        }
    }

    /** Its log cannot be read or written, or must not be. */
    void goOffline(LocalReplica local, StorageException why) {
        if (!isOpen(local)) {
            return; // it is already
        }
        PartitionInfo info = local.info();
        broke(info, why);
        drop(local);
        if (local.replica().isLeading()) {
            local.replica().halt(String.valueOf(why.getMessage()));
        }
        resigned.addIfNamed(info, self);
        end(local, PartitionErrors.fateUnknown(info, String.valueOf(why.getMessage())), PartitionErrors.of(info, why));
    }

    private void broke(PartitionInfo info, StorageException why) {
        CorruptLogException damage = shard.data().damage(info.partitionId(), why);
        absent.broke(info, why, damage, info.replicas().isOnly(self.replica()));
    }

    private void drop(LocalReplica local) {
        replicas.remove(local.partitionId());
        ticking.forget(local);
        local.close();
        shard.drop(local);
    }

    /** Fails what waits on a partition, deletes its files and forgets it, unless the metadata want a copy of it here. */
    void delete(long partitionId) throws StorageException {
        if (!isCopyHere(partitionId)) {
            erase(partitionId);
        }
    }

    private boolean isCopyHere(long partitionId) {
        PartitionInfo info = shard.metadata().partition(partitionId);
        return info != null && info.replicas().contains(self.replica());
    }

    private void erase(long partitionId) throws StorageException {
        LocalReplica local = replicas.get(partitionId);
        absent.end(partitionId);
        noRoomUntilMs.remove(partitionId);
        if (local != null) {
            drop(local);
            end(local, PartitionErrors.deleted(local.info()), PartitionErrors.unknownPartition(partitionId));
        }
        shard.data().delete(partitionId);
    }

    private void remove(long partitionId) {
        LocalReplica local = replicas.get(partitionId);
        if (local != null && shard.metadata().partition(partitionId) != null) {
            // It goes on elsewhere, and this copy may have led it until now.
            retire(local);
        }
        try {
            erase(partitionId);
        } catch (StorageException e) {
            LOG.warn("partition {}: its files are left until the next start: {}", partitionId, e.getMessage());
        }
    }

    // Time

    /** Lets replicas say again what got no answer. Returns how many did. */
    int tick(long nowMs) {
        resigned.tick(nowMs);
        copying.tick(nowMs);
        for (long partitionId : absent.due(nowMs)) {
            PartitionInfo info = shard.metadata().partition(partitionId);
            if (info != null) {
                absent.heal(info, self.nodeId(), shard.metadata(), shard.data());
                open(info);
            }
        }
        if (nowMs - lookedMs >= LOOK_MS) {
            lookedMs = nowMs;
            replicas.values().forEach(local -> local.lookStuck(nowMs));
            promises.retry();
        }
        return ticking.tick(nowMs, local -> with(local, each -> each.replica().tick(nowMs))) ? 1 : 0;
    }

    /** In how many milliseconds {@link #tick} has something to do; the largest long: not before something happens. */
    long nextTickInMs(long nowMs) {
        long next = Math.min(resigned.nextInMs(nowMs), absent.nextInMs(nowMs));
        next = Math.min(next, copying.nextInMs(nowMs));
        if (shard.isUnsettled()) {
            next = Math.min(next, Math.max(0, lookedMs + LOOK_MS - nowMs));
        }
        return Math.min(next, ticking.nextInMs(nowMs));
    }
}
