package io.headwater.client;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.InitProducer;
import io.headwater.protocol.wire.InitProducerReply;
import io.headwater.protocol.wire.ProduceReply;
import io.headwater.protocol.wire.ProduceResult;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The loop's side of a producer: takes what partitions have ready, sends it, and settles what the broker answers. User
 * threads only say that a partition is ready, and wake the loop only when it is not awake already.
 */
final class Sender implements SessionListener {
    private static final long RETRY_NS = 100_000_000;
    /** So long a broker that does not lead a partition any more may take to say so. */
    private static final long RECALL_NS = 250_000_000;

    /** Whatever else is said with them: the same batch may be sent again. */
    private static final Set<String> SENT_AGAIN =
            Set.of(WireErrors.CONNECTION_LOST, WireErrors.TIMEOUT, "NOT_LEADER", "OVERLOADED", "SHUTTING_DOWN");

    private final Cluster cluster;
    private final MemoryBudget budget;
    private final ConcurrentLinkedQueue<PartitionQueue> ready = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean awake = new AtomicBoolean();
    private final AtomicInteger flushing = new AtomicInteger();
    private final CopyOnWriteArrayList<PartitionQueue> queues = new CopyOnWriteArrayList<>();
    /** One for each broker. */
    private final List<Outbox> outboxes = new ArrayList<>();
    /** Their leaders are not known, not connected, or take nothing more at this moment. Each once, in order. */
    private final Set<PartitionQueue> blocked = new LinkedHashSet<>();

    private final RouteRefresh refresh;

    /** What to do when the broker does not know a partition that it once named. */
    interface RouteRefresh {
        void forget(String topic);

        void tick(long nowNs);
    }

    Sender(Cluster cluster, MemoryBudget budget, RouteRefresh refresh) {
        this.cluster = cluster;
        this.budget = budget;
        this.refresh = refresh;
    }

    long nowNs() {
        return cluster.loop().nowNs();
    }

    boolean isFlushing() {
        return flushing.get() > 0;
    }

    void startFlushing() {
        flushing.incrementAndGet();
        readyAll();
    }

    void stopFlushing() {
        flushing.decrementAndGet();
    }

    void add(PartitionQueue queue) {
        queues.add(queue);
    }

    List<PartitionQueue> queues() {
        return queues;
    }

    /** How many wait for a leader, or for it to take more. On the loop. */
    int blockedQueues() {
        return blocked.size();
    }

    /** From any thread. */
    void ready(PartitionQueue queue) {
        ready.add(queue);
        wake();
    }

    /** From any thread. */
    void readyAll() {
        ready.addAll(queues);
        wake();
    }

    private void wake() {
        if (!awake.get() && awake.compareAndSet(false, true)) {
            cluster.loop().execute(this::drain);
        }
    }

    void later(long delayNs, Runnable task) {
        cluster.loop().schedule(delayNs, task);
    }

    private void drain() {
        awake.set(false);
        List<Batch> abandoned = List.of();
        for (PartitionQueue queue = ready.poll(); queue != null; queue = ready.poll()) {
            Session session = cluster.leader(queue.partitionId);
            if (session == null || !session.isWritable()) {
                blocked.add(queue);
                continue;
            }
            queue.take(nowNs(), outbox(session));
            askForIdentity(queue);
            for (Batch batch : queue.abandoned()) {
                abandoned = abandoned.isEmpty() ? new ArrayList<>() : abandoned;
                abandoned.add(batch);
            }
        }
        for (int i = 0; i < outboxes.size(); i++) {
            outboxes.get(i).finish();
        }
        for (Batch batch : abandoned) {
            batch.release(budget);
            batch.fail(new HeadwaterException.OutcomeUnknown(
                    "UNKNOWN_PRODUCER",
                    "an attempt was not answered, and the broker cannot tell any more what became of it"));
        }
    }

    private Outbox outbox(Session session) {
        for (int i = 0; i < outboxes.size(); i++) {
            if (outboxes.get(i).session() == session) {
                return outboxes.get(i);
            }
        }
        Outbox fresh = new Outbox(session, this);
        outboxes.add(fresh);
        return fresh;
    }

    /** What was blocked may leave now. */
    private void drainBlocked() {
        ready.addAll(blocked);
        blocked.clear();
        drain();
    }

    @Override
    public void ready(Session session) {
        blocked.clear();
        readyAll();
    }

    @Override
    public void lost(Session session) {
        // Every frame on its way has failed already, one by one, and their queues are ready.
    }

    @Override
    public void moved() {
        drainBlocked();
    }

    @Override
    public void pushed(Session session, Frame frame) {
        // Nothing is pushed to producers.
    }

    @Override
    public void writable(Session session) {
        drainBlocked();
    }

    @Override
    public void tick(long nowNs) {
        refresh.tick(nowNs);
        outboxes.removeIf(outbox -> outbox.session().isClosed());
        if (!blocked.isEmpty()) {
            drainBlocked();
        }
        boolean pressed = budget.isWanted();
        for (PartitionQueue queue : queues) {
            recallIfAstray(queue, nowNs);
            List<Batch> expired = queue.expire(nowNs, cluster.settings().timeoutNs());
            for (Batch batch : expired) {
                batch.release(budget);
                batch.fail(timedOut(batch));
            }
            if (pressed || !expired.isEmpty()) {
                ready(queue);
            }
        }
    }

    /** A broker that was deposed, and does not know it or is gone, would be waited for in vain. */
    private void recallIfAstray(PartitionQueue queue, long nowNs) {
        Session wire = queue.wire;
        if (queue.onWire == 0 || wire == null || cluster.mayLead(wire, queue.partitionId)) {
            queue.astrayNs = 0;
        } else if (queue.astrayNs == 0) {
            queue.astrayNs = nowNs;
        } else if (nowNs - queue.astrayNs >= RECALL_NS) {
            queue.astrayNs = 0;
            queue.recall(nowNs);
            ready(queue);
        }
    }

    private HeadwaterException timedOut(Batch batch) {
        String trouble = cluster.trouble(batch.queue.partitionId);
        String why = "the broker at " + cluster.settings().server() + " did not acknowledge in time"
                + (trouble.isEmpty() ? "" : "; " + trouble);
        return batch.maybeStored
                ? new HeadwaterException.OutcomeUnknown(WireErrors.TIMEOUT, why)
                : new HeadwaterException.Retriable(WireErrors.TIMEOUT, why);
    }

    /** What settles the batches of one frame. First all is settled and the next frames leave, then promises complete. */
    ReplyHandler answersTo(Session session, List<Batch> frame) {
        int[] attempts = new int[frame.size()];
        for (int i = 0; i < attempts.length; i++) {
            attempts[i] = frame.get(i).attempt;
        }
        return new ReplyHandler() {
            @Override
            public void replied(MessageLite message) {
                ProduceReply reply = (ProduceReply) message;
                List<Runnable> promises = new ArrayList<>(frame.size());
                for (int i = 0; i < frame.size(); i++) {
                    Batch batch = frame.get(i);
                    if (batch.attempt != attempts[i]) {
                        continue;
                    }
                    if (i >= reply.getResultsCount()) {
                        promises.add(refused(batch, missing()));
                    } else if (reply.getResults(i).hasError()) {
                        cluster.misdirected(
                                session,
                                batch.queue.partitionId,
                                reply.getResults(i).getError());
                        promises.add(refused(
                                batch, WireErrors.exception(reply.getResults(i).getError())));
                    } else {
                        promises.add(acknowledged(batch, reply.getResults(i)));
                    }
                }
                drain();
                promises.forEach(Runnable::run);
            }

            @Override
            public void failed(HeadwaterException why) {
                List<Runnable> promises = new ArrayList<>(frame.size());
                for (int i = 0; i < frame.size(); i++) {
                    if (frame.get(i).attempt == attempts[i]) {
                        promises.add(refused(frame.get(i), why));
                    }
                }
                // Not at once: the other frames of a lost connection fail one by one behind this one.
                wake();
                promises.forEach(Runnable::run);
            }
        };
    }

    private static HeadwaterException missing() {
        return new HeadwaterException.OutcomeUnknown("INTERNAL", "the broker's reply does not mention this batch");
    }

    private Runnable acknowledged(Batch batch, ProduceResult result) {
        PartitionQueue queue = batch.queue;
        synchronized (queue) {
            batch.onWire = false;
            queue.onWire--;
            queue.detours = 0;
            queue.inFlight.remove(batch);
        }
        batch.release(budget);
        ready.add(queue);
        return () -> batch.acknowledge(queue.topic, queue.index, result);
    }

    private Runnable refused(Batch batch, HeadwaterException why) {
        PartitionQueue queue = batch.queue;
        boolean failed;
        long waitNs;
        synchronized (queue) {
            batch.onWire = false;
            queue.onWire--;
            failed = queue.isClosed() || !keep(queue, batch, why);
            if (failed) {
                queue.inFlight.remove(batch);
                queue.repair.removed(batch, nowNs());
            }
            waitNs = queue.repair.delayNs(nowNs());
        }
        if (waitNs > 0) {
            later(waitNs, () -> ready(queue));
        } else {
            ready.add(queue);
        }
        if (!failed) {
            return () -> {};
        }
        if (why.code().equals("UNKNOWN_PARTITION") || why.code().equals("UNKNOWN_TOPIC")) {
            refresh.forget(queue.topic);
        }
        batch.release(budget);
        boolean unsure = batch.maybeStored && !(why instanceof HeadwaterException.OutcomeUnknown);
        HeadwaterException told = unsure
                ? new HeadwaterException.OutcomeUnknown(
                        why.code(), why.getMessage() + " (an earlier attempt may be stored)")
                : why;
        return () -> batch.fail(told);
    }

    /** Decides whether the batch stays in flight, to be sent again. Under the queue's lock. */
    private boolean keep(PartitionQueue queue, Batch batch, HeadwaterException why) {
        // "Unknown producer" is unknown because of earlier attempts: this one was judged, and not stored.
        if (why instanceof HeadwaterException.OutcomeUnknown && !why.code().equals("UNKNOWN_PRODUCER")) {
            queue.repair.unanswered(batch);
        }
        switch (why.code()) {
            case "OUT_OF_ORDER_SEQUENCE" -> {
                return keepBeyond(queue, batch);
            }
            case "UNKNOWN_PRODUCER" -> {
                queue.repair.startOver(true, nowNs());
                return !batch.maybeStored;
            }
            case "DISK_FULL" -> {
                // Space returns when a person makes some: say so at once instead of waiting for it.
                return false;
            }
            case "NOT_LEADER" -> {
                queue.repair.resendAt(nowNs() + Detour.delayNs(queue.detours++));
                return true;
            }
            default -> {
                boolean again = why instanceof HeadwaterException.Retriable || SENT_AGAIN.contains(why.code());
                if (again) {
                    boolean lost = why.code().equals(WireErrors.CONNECTION_LOST);
                    queue.repair.resendAt(nowNs() + (lost ? 0 : RETRY_NS));
                }
                return again;
            }
        }
    }

    /** The broker misses something before this batch: so neither this attempt nor those behind it were stored. */
    private boolean keepBeyond(PartitionQueue queue, Batch batch) {
        boolean head = queue.inFlight.peek() == batch;
        if (!head || queue.repair.isBehindGap(batch)) {
            queue.repair.resendAt(nowNs());
            return true;
        }
        if (batch.baseSequence == 0) {
            return false;
        }
        queue.repair.startOver(false, nowNs());
        return true;
    }

    private void askForIdentity(PartitionQueue queue) {
        synchronized (queue) {
            if (!queue.repair.startAsking()) {
                return;
            }
        }
        cluster.call(FrameType.INIT_PRODUCER, InitProducer.getDefaultInstance(), Call.Repeat.READ, new ReplyHandler() {
            @Override
            public void replied(MessageLite message) {
                InitProducerReply reply = (InitProducerReply) message;
                synchronized (queue) {
                    queue.repair.given(new ProducerIdentity(reply.getProducerId(), (short) reply.getProducerEpoch()));
                }
                ready(queue);
            }

            @Override
            public void failed(HeadwaterException why) {
                later(RETRY_NS, () -> {
                    synchronized (queue) {
                        queue.repair.askFailed();
                    }
                    ready(queue);
                });
            }
        });
    }
}
