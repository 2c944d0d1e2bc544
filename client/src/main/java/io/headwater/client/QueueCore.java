package io.headwater.client;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.HeldLeases;
import io.headwater.protocol.wire.QueueClose;
import io.headwater.protocol.wire.QueueCredit;
import io.headwater.protocol.wire.QueueDeliver;
import io.headwater.protocol.wire.QueueGroup;
import io.headwater.protocol.wire.QueueGroups;
import io.headwater.protocol.wire.QueueOpen;
import io.headwater.record.InvalidBatchException;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loop's side of a queue consumer: a {@link QueueSubscription} for each partition of the topic, all of one session,
 * which is opened again on every connection, and wherever the partition's leader is; what comes goes to the {@link Holdings}, whose leases it extends.
 */
final class QueueCore implements SessionListener {
    private static final Logger LOG = LoggerFactory.getLogger(QueueCore.class);
    private static final long RETRY_NS = 200_000_000;
    private static final long OFFLINE_RETRY_NS = 5_000_000_000L;
    private static final long REFRESH_NS = 60_000_000_000L;
    /** How often it is looked for leases that have run out in their users' hands. */
    private static final long FORGET_NS = 1_000_000_000L;
    /** A lease is extended when less of it is left. */
    private static final double EXTEND_BELOW = 2.0 / 3;
    /** What concerns one partition only: the others go on, and this one is tried again. */
    private static final Set<String> OFFLINE = Set.of("PARTITION_OFFLINE", "CORRUPT_LOG");

    private final Cluster cluster;
    private final QueueConsumerSettings settings;
    private final Holdings holdings;
    private final InstantSource clock;
    private final LeaseReader reader = new LeaseReader();
    private final Map<Long, QueueSubscription> subscriptions = new LinkedHashMap<>();
    private final Map<Integer, QueueSubscription> byId = new HashMap<>();
    /** Whose the leases are; 0: they are detached. */
    private long leaseSession;

    private boolean resolving;
    private boolean closing;
    private long refreshAtNs;
    private long forgetAtNs;

    QueueCore(Cluster cluster, QueueConsumerSettings settings, Holdings holdings, InstantSource clock) {
        this.cluster = cluster;
        this.settings = settings;
        this.holdings = holdings;
        this.clock = clock;
    }

    void start(RandomGenerator random) {
        leaseSession = settings.detachedLeases() ? 0 : random.nextLong(1, Long.MAX_VALUE);
        cluster.add(this);
        // Asks before there is a connection, so that an unreachable broker is told at once.
        resolve();
    }

    @Override
    public void ready(Session session) {
        openAll();
        resolve();
    }

    @Override
    public void lost(Session session) {
        byId.values().removeIf(subscription -> {
            boolean isLost = subscription.session == session;
            if (isLost) {
                subscription.id = 0;
            }
            return isLost;
        });
        openAll();
    }

    /** What is open where another broker leads now is opened there; its leases are in the log. */
    @Override
    public void moved() {
        for (QueueSubscription subscription : List.copyOf(byId.values())) {
            Session session = subscription.session;
            if (session != null
                    && session.isReady()
                    && !closing
                    && !cluster.mayLead(session, subscription.partitionId)) {
                var unused = close(session, subscription.id, false);
                session.flush();
                byId.remove(subscription.id);
                subscription.id = 0;
            }
        }
        openAll();
    }

    @Override
    public void writable(Session session) {
        // What a consumer sends is small.
    }

    @Override
    public void tick(long nowNs) {
        openAll();
        if (cluster.any() != null) {
            if (subscriptions.isEmpty() || nowNs - refreshAtNs >= 0) {
                resolve();
            }
            lookAfter(EXTEND_BELOW, subscription -> true);
        }
        if (nowNs - forgetAtNs >= 0) {
            forgetAtNs = nowNs + FORGET_NS;
            subscriptions.values().forEach(subscription -> subscription.held.removeEnded(nowNs, this::leaseEnded));
        }
    }

    // ---- which partitions

    private void resolve() {
        if (resolving || closing) {
            return;
        }
        resolving = true;
        refreshAtNs = cluster.loop().nowNs() + REFRESH_NS;
        cluster.call(
                FrameType.GET_QUEUE_GROUPS,
                QueueCalls.find(settings.topic(), settings.group()),
                Call.Repeat.READ,
                new ReplyHandler() {
                    @Override
                    public void replied(MessageLite message) {
                        resolving = false;
                        resolved(((QueueGroups) message).getGroups(0));
                    }

                    @Override
                    public void failed(HeadwaterException why) {
                        boolean first = subscriptions.isEmpty();
                        resolving = first && why instanceof HeadwaterException.Rejected;
                        if (first) {
                            holdings.fail(why);
                        }
                    }
                });
    }

    /** Topics grow. */
    private void resolved(QueueGroup group) {
        for (int i = 0; i < group.getPartitionIdsCount(); i++) {
            int index = i;
            subscriptions.computeIfAbsent(
                    group.getPartitionIds(i),
                    id -> new QueueSubscription(
                            group.getTopic(),
                            index,
                            id,
                            group.getId(),
                            new Settler(cluster, id, group.getId(), holdings::takenBack),
                            group.getKeyed() && settings.keepsLines() ? holdings.newLines() : null));
        }
        int count = subscriptions.size();
        holdings.prefetch(new Holdings.Credit(
                Math.max(1, settings.prefetchRecords() / count), Math.max(1, settings.prefetchBytes() / count)));
        openAll();
    }

    // ---- subscriptions

    private void openAll() {
        Set<QueueSubscription> opened = new HashSet<>();
        for (QueueSubscription subscription : subscriptions.values()) {
            if (!subscription.retrying && open(subscription)) {
                opened.add(subscription);
            }
        }
        if (!opened.isEmpty()) {
            // Whether the leases are still there is known before most of what waits is handed out.
            lookAfter(1.0, opened::contains);
        }
    }

    /** True: it was not open, and is now. */
    private boolean open(QueueSubscription subscription) {
        Session session = subscription.id != 0 || closing ? null : cluster.leader(subscription.partitionId);
        if (session == null) {
            return false;
        }
        subscription.session = session;
        int id = session.openSubscription();
        subscription.id = id;
        byId.put(id, subscription);
        Holdings.Credit credit = holdings.firstCredit(subscription);
        QueueOpen.Builder request = QueueOpen.newBuilder()
                .setSubscriptionId(id)
                .setPartitionId(subscription.partitionId)
                .setGroupId(subscription.groupId)
                .setSession(leaseSession)
                .setCreditRecords(credit.records())
                .setCreditBytes(credit.bytes())
                .setLeaseMs(settings.leaseMs())
                .setRecordsPerKey(subscription.lines == null ? 0 : settings.recordsPerKey())
                .setConsumerName(settings.name());
        HeldLeases held = leaseSession == 0 ? null : subscription.held.told();
        if (held != null) {
            // Whatever else was sent has been lost on the way, and nobody is to wait for it.
            request.setHeld(held);
        }
        session.sendOnce(FrameType.QUEUE_OPEN, request.build(), List.of(), new ReplyHandler() {
            @Override
            public void replied(MessageLite reply) {
                // Deliveries say how long their leases are.
            }

            @Override
            public void failed(HeadwaterException why) {
                ended(session, id, why);
            }
        });
        session.flush();
        return true;
    }

    private void ended(Session session, int id, HeadwaterException why) {
        session.closeSubscription(id);
        QueueSubscription subscription = byId.remove(id);
        if (subscription == null || closing) {
            return;
        }
        subscription.id = 0;
        boolean offline = OFFLINE.contains(why.code());
        boolean elsewhere = why.code().equals("NOT_LEADER");
        long waitNs = elsewhere ? Detour.delayNs(subscription.detours++) : offline ? OFFLINE_RETRY_NS : RETRY_NS;
        if (why instanceof HeadwaterException.Rejected && !offline) {
            holdings.fail(why);
        } else if (!why.code().equals(WireErrors.CONNECTION_LOST) && !subscription.retrying) {
            if (!elsewhere) {
                LOG.warn("partition {}: not consumed now, will try again: {}", subscription, why.getMessage());
            }
            subscription.retrying = true;
            cluster.loop().schedule(waitNs, () -> {
                subscription.retrying = false;
                openAll();
            });
        }
    }

    @Override
    public void pushed(Session session, Frame frame) {
        if (frame.type() == FrameType.QUEUE_DELIVER) {
            QueueDeliver deliver = frame.message(QueueDeliver.class);
            QueueSubscription subscription = byId.get(deliver.getSubscriptionId());
            if (subscription != null && deliver.hasError()) {
                cluster.misdirected(session, subscription.partitionId, deliver.getError());
                ended(session, deliver.getSubscriptionId(), WireErrors.exception(deliver.getError()));
            } else if (subscription != null) {
                delivered(subscription, deliver, frame.attachment());
            }
        }
    }

    /** Borrows the attachment; copies it once, into memory that the records will share. */
    private void delivered(QueueSubscription subscription, QueueDeliver deliver, ByteBuf attachment) {
        subscription.detours = 0;
        byte[] data = new byte[attachment.readableBytes()];
        attachment.getBytes(attachment.readerIndex(), data);
        try {
            List<LeasedRecord> records = reader.read(
                    subscription, deliver, data, clock.millis(), cluster.loop().nowNs());
            records.forEach(subscription.held::add);
            holdings.add(subscription, records, data.length, deliver.getCreditTaken());
        } catch (InvalidBatchException e) {
            holdings.fail(new HeadwaterException.Rejected(
                    WireErrors.CORRUPT_BATCH,
                    "partition " + subscription + ": damaged bytes arrived: " + e.getMessage()));
        }
    }

    /** What was taken may come again. */
    void credit(QueueSubscription subscription) {
        Session session = subscription.session;
        if (subscription.id == 0 || session == null || closing || !session.isReady()) {
            // The next opening gives all that there is room for.
            return;
        }
        Holdings.Credit credit = holdings.takeCredit(subscription);
        if (credit.records() > 0) {
            session.tell(
                    FrameType.QUEUE_CREDIT,
                    QueueCredit.newBuilder()
                            .setSubscriptionId(subscription.id)
                            .setRecords(credit.records())
                            .setBytes(credit.bytes())
                            .build());
            session.flush();
        }
    }

    // ---- leases

    /** Extends the leases of which less than that part is left. */
    private void lookAfter(double part, Predicate<QueueSubscription> of) {
        long nowNs = cluster.loop().nowNs();
        holdings.forEach(record -> {
            boolean isDue = record.leaseUntilNs() - nowNs < part * record.leaseNs();
            if (isDue && !record.extending && !record.isStale() && of.test(record.subscription())) {
                extend(record);
            }
        });
    }

    /** Nobody has settled it in time, or not with this consumer: then what is behind it is still its own. */
    private void leaseEnded(LeasedRecord record) {
        holdings.ended(record, false, QueueCore::giveBack);
        holdings.answered(record);
    }

    /** A lease that is gone needs no release. */
    static void giveBack(LeasedRecord record) {
        record.subscription().settler.settle(new SettleFuture(record, Settlement.release(), 0, 0));
    }

    private static void extend(LeasedRecord record) {
        record.extending = true;
        Settlement more = Settlement.extend(Duration.ofNanos(record.leaseNs()));
        SettleFuture future = new SettleFuture(record, more, 0, 0);
        // A lease that is gone is not handed out, or says so when it is settled.
        var unused = future.whenComplete((done, why) -> record.extending = false);
        record.subscription().settler.settle(future);
    }

    // ---- the end

    /**
     * Asks for nothing more; completes when nothing more comes.
     *
     * @param release the session's leases return at once
     */
    CompletableFuture<@Nullable Void> close(boolean release) {
        closing = true;
        List<CompletableFuture<@Nullable Void>> closed = new ArrayList<>();
        for (QueueSubscription subscription : List.copyOf(byId.values())) {
            Session session = subscription.session;
            if (session != null && session.isReady()) {
                closed.add(close(session, subscription.id, release));
                session.flush();
            }
        }
        return CompletableFuture.allOf(closed.toArray(CompletableFuture[]::new));
    }

    private CompletableFuture<@Nullable Void> close(Session session, int id, boolean release) {
        CompletableFuture<@Nullable Void> closed = new CompletableFuture<>();
        QueueClose request = QueueClose.newBuilder()
                .setSubscriptionId(id)
                .setRelease(release)
                .build();
        session.sendOnce(FrameType.QUEUE_CLOSE, request, List.of(), new ReplyHandler() {
            @Override
            public void replied(MessageLite reply) {
                session.closeSubscription(id);
                byId.remove(id);
                closed.complete(null);
            }

            @Override
            public void failed(HeadwaterException why) {
                // With the connection the subscription is gone too.
                closed.complete(null);
            }
        });
        return closed;
    }

    /** Completes when all that was said is answered. */
    CompletableFuture<@Nullable Void> whenSettled() {
        return CompletableFuture.allOf(subscriptions.values().stream()
                .map(subscription -> subscription.settler.whenIdle())
                .toArray(CompletableFuture[]::new));
    }

    void stop() {
        closing = true;
        cluster.remove(this);
        subscriptions.values().forEach(subscription -> subscription.settler.close());
    }
}
