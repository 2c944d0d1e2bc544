package io.headwater.client;

import com.google.protobuf.MessageLite;
import io.headwater.client.link.Link;
import io.headwater.client.link.Loop;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.GetTopics;
import io.headwater.protocol.wire.InitProducer;
import io.headwater.protocol.wire.InitProducerReply;
import io.headwater.protocol.wire.Partition;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.Topics;
import io.headwater.record.Compression;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A client without threads: on a loop and over links of a simulation. What blocks is left out; everything else is real. */
public final class SteppedClient {
    private static final long NS_PER_S = 1_000_000_000;

    private final Caller caller;
    private final Loop loop;
    private final SplittableRandom random;
    private final InstantSource clock;

    /**
     * @param servers HOST:PORT, several with commas between them
     * @param links a link to the broker of that host
     */
    public SteppedClient(
            String servers,
            Function<String, Link> links,
            Loop loop,
            SplittableRandom random,
            Duration timeout,
            InstantSource clock) {
        this.loop = loop;
        this.random = random;
        this.clock = clock;
        this.caller = new Caller(new Cluster(
                Endpoint.parseAll(servers),
                endpoint -> links.apply(endpoint.host()),
                loop,
                random.split(),
                ClientSettings.of(servers, "sim", timeout.toNanos(), 2 * NS_PER_S)));
    }

    /** What may be asked twice. */
    public <M extends MessageLite> CompletableFuture<M> ask(FrameType type, MessageLite request, Class<M> reply) {
        return caller.start(type, request, Call.Repeat.SAFE, reply);
    }

    /** A producer for one topic, once its identity is there. */
    public CompletableFuture<Producing> producer(String topic, int batchBytes, int maxInFlight) {
        ProducerSettings settings = new ProducerSettings(batchBytes, 0, Compression.NONE, 1L << 30, maxInFlight);
        GetTopics named = GetTopics.newBuilder().addNames(topic).build();
        return caller.start(FrameType.GET_TOPICS, named, Call.Repeat.READ, Topics.class)
                .thenCompose(topics -> caller.start(
                                FrameType.INIT_PRODUCER,
                                InitProducer.getDefaultInstance(),
                                Call.Repeat.READ,
                                InitProducerReply.class)
                        .thenApply(id -> new Producing(topics.getTopics(0), id, settings)));
    }

    /** Sends as {@link BatchingProducer} does, from the loop. */
    public final class Producing implements Sender.RouteRefresh {
        private final MemoryBudget budget;
        private final List<PartitionQueue> queues = new ArrayList<>();

        private Producing(Topic topic, InitProducerReply id, ProducerSettings settings) {
            this.budget = new MemoryBudget(settings.maxMemoryBytes());
            Sender sender = new Sender(caller.cluster(), budget, this);
            ProducerIdentity identity = new ProducerIdentity(id.getProducerId(), (short) id.getProducerEpoch());
            for (Partition partition : topic.getPartitionsList()) {
                PartitionQueue queue = new PartitionQueue(
                        topic.getName(),
                        partition.getIndex(),
                        partition.getPartitionId(),
                        identity,
                        settings,
                        budget,
                        sender);
                queues.add(queue);
                sender.add(queue);
            }
            caller.cluster().add(sender);
        }

        public CompletableFuture<Producer.Acknowledgement> send(int partition, @Nullable String key, String value) {
            PartitionQueue queue = queues.get(partition);
            return queue.append(ProducerRecord.ofUtf8(queue.topic, key, value), clock.millis(), 0);
        }

        @Override
        public void forget(String topic) {
            // Who makes a topic again makes a producer for it as well.
        }

        @Override
        public void tick(long nowNs) {
            // Topics do not grow here.
        }
    }

    /** Reads a topic from its beginning. */
    public StreamConsumer reader(String topic, int maxBufferedBytes) {
        ConsumerSettings settings = new ConsumerSettings(
                List.of(topic),
                List.of(),
                null,
                "",
                Position.beginning(),
                null,
                false,
                false,
                NS_PER_S,
                maxBufferedBytes,
                100,
                StreamConsumer.OutOfRange.FAIL);
        return new PushConsumer(caller, settings, clock, () -> {});
    }

    /** To be asked without waiting. */
    public QueueConsumer worker(String topic, String group, int prefetch, long leaseMs) {
        QueueConsumerSettings settings =
                new QueueConsumerSettings(topic, group, "worker", prefetch, 1 << 20, 1, leaseMs, false, 1, NS_PER_S);
        return new LeasingConsumer(caller, settings, clock, random.split(), () -> {});
    }

    /** Its monotonic clock. */
    public long nowNs() {
        return loop.nowNs();
    }
}
