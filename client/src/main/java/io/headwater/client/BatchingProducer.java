package io.headwater.client;

import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.GetTopics;
import io.headwater.protocol.wire.HelloReply;
import io.headwater.protocol.wire.InitProducer;
import io.headwater.protocol.wire.InitProducerReply;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.Topics;
import io.headwater.record.RecordBatchBuilder;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The user's side of a producer: finds the partition, appends, and waits only for memory. */
final class BatchingProducer implements Producer, Sender.RouteRefresh {
    private static final long REFRESH_NS = 60_000_000_000L;

    private final Caller caller;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final ProducerSettings settings;
    private final Runnable onClose;
    private final MemoryBudget budget;
    private final Sender sender;
    /** Never forgotten: a partition's sequence must not start again under the same identity. */
    private final Map<Long, PartitionQueue> queuesById = new HashMap<>();

    private final ConcurrentHashMap<String, TopicRoute> routes = new ConcurrentHashMap<>();
    private volatile @Nullable ProducerIdentity identity;
    private volatile int maxRecordBytes;
    private final ReentrantLock closing = new ReentrantLock();
    private volatile boolean closed;
    private long refreshAtNs;

    BatchingProducer(
            Caller caller, InstantSource clock, RandomGenerator random, ProducerSettings settings, Runnable onClose) {
        this.caller = caller;
        this.clock = clock;
        this.random = random;
        this.settings = settings;
        this.onClose = onClose;
        this.budget = new MemoryBudget(settings.maxMemoryBytes());
        this.sender = new Sender(caller.cluster(), budget, this);
        this.refreshAtNs = sender.nowNs() + REFRESH_NS;
        caller.cluster().loop().execute(() -> caller.cluster().add(sender));
    }

    @Override
    public CompletableFuture<Acknowledgement> send(ProducerRecord asked) {
        try {
            ProducerRecord record = asked.wish().isNone() ? asked : asked.sentAt(clock.millis());
            TopicRoute route = routes.get(record.topic());
            if (route == null) {
                route = resolve(record.topic());
            }
            checkSize(record);
            PartitionQueue queue = route.choose(record);
            long eventTimeMs = record.eventTimeMs() == -1 ? clock.millis() : record.eventTimeMs();
            SendFuture future = queue.append(record, eventTimeMs, 0);
            while (future == null) {
                future = queue.append(record, eventTimeMs, reserve(queue.wantedBytes(record)));
            }
            return future;
        } catch (HeadwaterException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private void checkSize(ProducerRecord record) {
        int bytes = RecordBatchBuilder.sizeUpperBound(record.key(), record.value(), record.headers());
        if (bytes > maxRecordBytes) {
            throw new HeadwaterException.Rejected(
                    "RECORD_TOO_LARGE",
                    "record of " + bytes + " bytes with its batch (expected: at most " + maxRecordBytes + ")");
        }
    }

    private int reserve(int bytes) {
        if (caller.cluster().loop().isCurrent()) {
            throw new HeadwaterException.Retriable(
                    "WOULD_BLOCK", "the producer's memory is full, and this is the client's network thread");
        }
        sender.readyAll();
        try {
            if (budget.reserve(bytes, caller.cluster().settings().timeoutNs())) {
                return bytes;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HeadwaterException.Retriable(
                    "INTERRUPTED", "interrupted while waiting for the producer's memory");
        }
        throw new HeadwaterException.Retriable(
                WireErrors.TIMEOUT,
                "the producer's memory of " + settings.maxMemoryBytes() + " bytes stayed full: the broker at "
                        + caller.cluster().settings().server() + " acknowledges too slowly or not at all");
    }

    private TopicRoute resolve(String topic) {
        if (closed) {
            throw WireErrors.closed("producer");
        }
        if (caller.cluster().loop().isCurrent()) {
            throw new HeadwaterException.Retriable(
                    "WOULD_BLOCK", "topic " + topic + " is not known yet, and this is the client's network thread");
        }
        Topics topics = caller.call(FrameType.GET_TOPICS, named(topic), Call.Repeat.READ, Topics.class);
        ProducerIdentity id = identified();
        synchronized (routes) {
            TopicRoute known = routes.get(topic);
            return known == null ? install(topics.getTopics(0), id) : known;
        }
    }

    private static GetTopics named(String topic) {
        return GetTopics.newBuilder().addNames(topic).build();
    }

    private ProducerIdentity identified() {
        ProducerIdentity known = identity;
        if (known == null) {
            InitProducerReply reply = caller.call(
                    FrameType.INIT_PRODUCER,
                    InitProducer.getDefaultInstance(),
                    Call.Repeat.READ,
                    InitProducerReply.class);
            HelloReply broker = caller.cluster().broker();
            maxRecordBytes =
                    broker == null || broker.getMaxRecordBytes() <= 0 ? Integer.MAX_VALUE : broker.getMaxRecordBytes();
            known = new ProducerIdentity(reply.getProducerId(), (short) reply.getProducerEpoch());
            identity = known;
        }
        return known;
    }

    /** Keeps the queues that there are. Under the lock of the routes. */
    private TopicRoute install(Topic topic, ProducerIdentity id) {
        PartitionQueue[] queues = new PartitionQueue[topic.getPartitionsCount()];
        for (int i = 0; i < queues.length; i++) {
            int index = i;
            queues[i] = queuesById.computeIfAbsent(topic.getPartitions(i).getPartitionId(), partitionId -> {
                var fresh = new PartitionQueue(topic.getName(), index, partitionId, id, settings, budget, sender);
                sender.add(fresh);
                return fresh;
            });
        }
        TopicRoute route = new TopicRoute(queues, settings.batchBytes(), random.nextInt(queues.length));
        routes.put(topic.getName(), route);
        return route;
    }

    @Override
    public void forget(String topic) {
        routes.remove(topic);
    }

    /** Topics grow: their new partitions are used from here on. */
    @Override
    public void tick(long nowNs) {
        ProducerIdentity id = identity;
        if (nowNs - refreshAtNs < 0 || id == null) {
            return;
        }
        refreshAtNs = nowNs + REFRESH_NS;
        for (String name : routes.keySet()) {
            // Fails quietly: the next refresh asks again.
            var unused = caller.start(FrameType.GET_TOPICS, named(name), Call.Repeat.READ, Topics.class)
                    .thenAccept(topics -> {
                        synchronized (routes) {
                            TopicRoute old = routes.get(name);
                            if (old != null && topics.getTopics(0).getPartitionsCount() > old.partitions()) {
                                install(topics.getTopics(0), id);
                            }
                        }
                    });
        }
    }

    @Override
    public void flush() {
        List<CompletableFuture<@Nullable Void>> pending = new ArrayList<>();
        for (PartitionQueue queue : sender.queues()) {
            queue.collectPending(pending);
        }
        if (pending.isEmpty()) {
            return;
        }
        sender.startFlushing();
        try {
            // Every batch fails by itself when its time is up.
            caller.await(CompletableFuture.allOf(pending.toArray(CompletableFuture[]::new)));
        } finally {
            sender.stopFlushing();
        }
    }

    /** Whoever comes second waits for the first, as what is on its way needs the client until then; not on the network thread. */
    @Override
    public void close() {
        if (!caller.cluster().loop().isCurrent()) {
            closing.lock();
        } else if (!closing.tryLock()) {
            return;
        }
        try {
            if (!closed) {
                closed = true;
                closeOnce();
            }
        } finally {
            closing.unlock();
        }
    }

    private void closeOnce() {
        try {
            flush();
        } finally {
            caller.cluster().loop().execute(() -> caller.cluster().remove(sender));
            for (PartitionQueue queue : sender.queues()) {
                for (Batch batch : queue.close()) {
                    batch.release(budget);
                    batch.fail(
                            batch.maybeStored
                                    ? new HeadwaterException.OutcomeUnknown(
                                            WireErrors.CLOSED, "producer is closed; an earlier attempt may be stored")
                                    : WireErrors.closed("producer"));
                }
            }
            onClose.run();
        }
    }
}
