package io.headwater.client;

import io.headwater.record.RecordBatchBuilder;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What a producer has for one partition: the batch that is being built, the sealed ones that wait, and those on their
 * way, in sequence. User threads append under its lock, which is short and rarely contended; the loop takes and
 * resolves.
 *
 * <p>Natural batching: a batch that is not full leaves only while few are on their way, so that under little load it
 * leaves at once, and under much load it fills while the broker works. {@link SequenceRepair} says what happens when a
 * batch fails.
 */
final class PartitionQueue {
    /** Batches that are not full leave only below this many on their way: one in the broker's sync, one behind it. */
    private static final int PARTIAL_IN_FLIGHT = 2;

    private static final int FIRST_BUFFER_BYTES = 16 * 1024;
    private static final int MIN_BUFFER_BYTES = 4 * 1024;

    final String topic;
    final int index;
    final long partitionId;
    private final ProducerSettings settings;
    private final MemoryBudget budget;
    private final Sender sender;
    private final RecordBatchBuilder builder;

    final ArrayDeque<Batch> sealed = new ArrayDeque<>();
    final ArrayDeque<Batch> inFlight = new ArrayDeque<>();
    final SequenceRepair repair;
    private @Nullable Batch open;
    ProducerIdentity identity;
    int nextSequence;
    int onWire;
    /** Where that is, or was last; null: nowhere yet. */
    @Nullable
    Session wire;
    /** Since when the wire is not where the partition is led, as far as it is known; 0: it is. The loop's. */
    long astrayNs;
    /** So often in a row the broker was not the leader. */
    int detours;

    private int bufferBytes;
    private boolean queued;
    private boolean lingering;
    private boolean closed;
    private int idleStartsSoFar;
    private volatile int idleStarts;

    PartitionQueue(
            String topic,
            int index,
            long partitionId,
            ProducerIdentity identity,
            ProducerSettings settings,
            MemoryBudget budget,
            Sender sender) {
        this.topic = topic;
        this.index = index;
        this.partitionId = partitionId;
        this.identity = identity;
        this.settings = settings;
        this.budget = budget;
        this.sender = sender;
        this.builder = new RecordBatchBuilder(settings.compression());
        this.bufferBytes = Math.min(FIRST_BUFFER_BYTES, settings.batchBytes());
        this.repair = new SequenceRepair(this);
    }

    /**
     * Appends without waiting.
     *
     * @param reservedBytes what the caller has reserved for a new batch, or 0
     * @return null where there is no memory: reserve {@link #wantedBytes} and come again
     */
    @Nullable
    SendFuture append(ProducerRecord record, long eventTimeMs, int reservedBytes) {
        SendFuture future;
        boolean signal;
        synchronized (this) {
            if (closed) {
                budget.release(reservedBytes);
                throw WireErrors.closed("producer");
            }
            int unused = reservedBytes;
            if (open == null || !appendTo(record, eventTimeMs)) {
                int bytes = reservedBytes > 0 ? reservedBytes : wantedBytes(record);
                if (reservedBytes == 0 && !budget.tryReserve(bytes)) {
                    return null;
                }
                unused = 0;
                if (open != null) {
                    bufferBytes = Math.min(settings.batchBytes(), bufferBytes * 4);
                    seal();
                }
                open(bytes);
                if (!appendTo(record, eventTimeMs)) {
                    throw new IllegalStateException("a record does not fit the batch that was made for it");
                }
            }
            if (unused > 0) {
                budget.release(unused);
            }
            Batch batch = openBatch();
            future = batch.add();
            batch.reservedHeaders |= !record.wish().isNone();
            signal = !queued && isSendable();
            queued |= signal;
        }
        if (signal) {
            sender.ready(this);
        }
        return future;
    }

    private boolean appendTo(ProducerRecord record, long eventTimeMs) {
        return builder.append(eventTimeMs, record.key(), record.value(), record.headers());
    }

    /** How large a new batch for this record should be: as large as the last ones were, and large enough. */
    synchronized int wantedBytes(ProducerRecord record) {
        return Math.max(bufferBytes, RecordBatchBuilder.sizeUpperBound(record.key(), record.value(), record.headers()));
    }

    /** How often a batch was begun while nothing waited and nothing was on its way. */
    int idleStarts() {
        return idleStarts;
    }

    private Batch openBatch() {
        if (open == null) {
            throw new IllegalStateException("no batch is open");
        }
        return open;
    }

    private void open(int bytes) {
        if (sealed.isEmpty() && inFlight.isEmpty()) {
            idleStartsSoFar++;
            idleStarts = idleStartsSoFar;
        }
        open = new Batch(this, PooledByteBufAllocator.DEFAULT.directBuffer(bytes, bytes), bytes, sender.nowNs());
        builder.reset(open.target);
    }

    private void seal() {
        Batch batch = openBatch();
        batch.sizeInBytes = builder.finish(identity.id(), identity.epoch(), nextSequence);
        batch.baseSequence = nextSequence;
        nextSequence = SequenceRepair.after(nextSequence, batch.records);
        sealed.add(batch);
        open = null;
    }

    /** The loop would find something to send. */
    private boolean isSendable() {
        if (repair.isPending()) {
            return false;
        }
        if (!sealed.isEmpty()) {
            return inFlight.size() < settings.maxInFlight();
        }
        return open != null && inFlight.size() < openLimit() && !(lingering && !isFull() && !isPressed());
    }

    /** How many may be on their way when the open batch follows them. */
    private int openLimit() {
        int most = settings.maxInFlight();
        return settings.lingerNs() > 0 || isFull() ? most : Math.min(PARTIAL_IN_FLIGHT, most);
    }

    /** One record may be more than a batch should have. */
    private boolean isFull() {
        return builder.sizeInBytes() >= settings.batchBytes();
    }

    private boolean isPressed() {
        return sender.isFlushing() || budget.isWanted();
    }

    /** On the loop: moves what may leave now onto the wire. */
    void take(long nowNs, Outbox out) {
        long lingerNs = -1;
        synchronized (this) {
            queued = false;
            if (onWire > 0 && wire != out.session()) {
                // What is on its way to another broker is answered first, so that nothing overtakes it.
                return;
            }
            if (repair.isPending() && !repair.run(nowNs, out)) {
                return;
            }
            while (inFlight.size() < settings.maxInFlight()) {
                if (sealed.isEmpty()) {
                    if (open == null || inFlight.size() >= openLimit()) {
                        break;
                    }
                    lingerNs = settings.lingerNs() - (nowNs - open.createdNs);
                    if (lingerNs > 0 && !isFull() && !isPressed()) {
                        break;
                    }
                    lingerNs = -1;
                    shrink(builder.sizeInBytes());
                    seal();
                }
                Batch batch = sealed.remove();
                inFlight.add(batch);
                putOnWire(batch, out);
            }
            if (lingerNs <= 0 || lingering) {
                return;
            }
            lingering = true;
        }
        sender.later(lingerNs, () -> {
            synchronized (this) {
                lingering = false;
            }
            sender.ready(this);
        });
    }

    /** What must not be sent again; the caller fails it with an unknown outcome. On the loop. */
    synchronized List<Batch> abandoned() {
        return repair.takeAbandoned();
    }

    void putOnWire(Batch batch, Outbox out) {
        batch.onWire = true;
        batch.attempt++;
        onWire++;
        wire = out.session();
        out.add(batch);
    }

    /** Another broker leads the partition: what is on its way counts as unanswered, and goes to that one. On the loop. */
    synchronized void recall(long nowNs) {
        for (Batch batch : inFlight) {
            if (batch.onWire) {
                batch.onWire = false;
                batch.attempt++;
                repair.unanswered(batch);
            }
        }
        onWire = 0;
        repair.resendAt(nowNs);
    }

    private void shrink(int leavingBytes) {
        if (leavingBytes < bufferBytes / 4) {
            bufferBytes = Math.max(Math.min(MIN_BUFFER_BYTES, settings.batchBytes()), bufferBytes / 2);
        }
    }

    /** Batches that nobody can wait for any longer, in order; the caller fails them. On the loop. */
    synchronized List<Batch> expire(long nowNs, long timeoutNs) {
        long createdBeforeNs = nowNs - timeoutNs;
        List<Batch> expired = new ArrayList<>(0);
        collectExpired(inFlight, nowNs, createdBeforeNs, expired);
        if (inFlight.isEmpty()) {
            collectExpired(sealed, nowNs, createdBeforeNs, expired);
            if (sealed.isEmpty() && open != null && open.createdNs - createdBeforeNs < 0) {
                seal();
                collectExpired(sealed, nowNs, createdBeforeNs, expired);
            }
        }
        return expired;
    }

    private void collectExpired(ArrayDeque<Batch> from, long nowNs, long createdBeforeNs, List<Batch> expired) {
        for (Batch head = from.peek();
                head != null && !head.onWire && head.createdNs - createdBeforeNs < 0;
                head = from.peek()) {
            from.remove();
            repair.removed(head, nowNs);
            expired.add(head);
        }
    }

    /** All that has not been answered yet, for a flush to wait for. */
    synchronized void collectPending(List<CompletableFuture<@Nullable Void>> pending) {
        inFlight.forEach(batch -> pending.add(batch.done()));
        sealed.forEach(batch -> pending.add(batch.done()));
        if (open != null) {
            pending.add(open.done());
        }
    }

    boolean isClosed() {
        return closed;
    }

    /** Nothing is taken any more; returns what is not on the wire, for the caller to fail. */
    synchronized List<Batch> close() {
        closed = true;
        if (open != null) {
            seal();
        }
        List<Batch> left = new ArrayList<>(sealed);
        sealed.clear();
        for (Batch batch : inFlight) {
            if (!batch.onWire) {
                left.add(batch);
            }
        }
        inFlight.removeAll(left);
        return left;
    }
}
