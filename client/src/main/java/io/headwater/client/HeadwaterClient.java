package io.headwater.client;

import io.headwater.client.link.NettyLoop;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.QueueSettle;
import io.headwater.protocol.wire.QueueSettleReply;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * Connections to the brokers of a cluster, or to a single one, and the door to everything else. Thread-safe; one per process is enough. Closing it closes
 * the producers and consumers made from it.
 */
public final class HeadwaterClient implements AutoCloseable {
    private final NettyLoop loop;
    private final Cluster cluster;
    private final Caller caller;
    private final RandomGenerator random;
    private final AtomicLong requestIds;
    private final InstantSource clock = InstantSource.system();
    private final Set<AutoCloseable> open = ConcurrentHashMap.newKeySet();

    private HeadwaterClient(Builder builder) {
        this.loop = new NettyLoop("headwater-client", realTime());
        this.random = new SplittableRandom();
        this.requestIds = new AtomicLong(random.nextLong());
        this.cluster = new Cluster(
                builder.servers,
                endpoint -> loop.link(endpoint.host(), endpoint.port()),
                loop,
                random,
                ClientSettings.of(
                        builder.servers.stream().map(Endpoint::toString).collect(Collectors.joining(",")),
                        builder.name,
                        builder.timeout.toNanos(),
                        builder.keepAlive.toNanos()));
        this.caller = new Caller(cluster);
    }

    public static Builder builder() {
        return new Builder();
    }

    @ReadsRealTime
    private static LongSupplier realTime() {
        return System::nanoTime;
    }

    /** Starts to build a producer. */
    public Producer.Builder producer() {
        return new ProducerBuilder(settings -> {
            AutoCloseable[] self = new AutoCloseable[1];
            var producer = new BatchingProducer(caller, clock, random, settings, () -> open.remove(self[0]));
            self[0] = producer;
            open.add(producer);
            return producer;
        });
    }

    /** Starts to build a consumer of streams. */
    public StreamConsumer.Builder streamConsumer() {
        return new ConsumerBuilder(settings -> {
            AutoCloseable[] self = new AutoCloseable[1];
            var consumer = new PushConsumer(caller, settings, clock, () -> open.remove(self[0]));
            self[0] = consumer;
            open.add(consumer);
            return consumer;
        });
    }

    /** Starts to build a consumer of a queue or keyed group. */
    public QueueConsumer.Builder queueConsumer() {
        return new QueueConsumerBuilder(settings -> {
            AutoCloseable[] self = new AutoCloseable[1];
            var consumer = new LeasingConsumer(caller, settings, clock, random, () -> open.remove(self[0]));
            self[0] = consumer;
            open.add(consumer);
            return consumer;
        });
    }

    /** Topics, groups and the broker itself. Shares this client's connections. */
    public Admin admin() {
        return new AdminCalls(caller);
    }

    /** Queue and keyed groups. Shares this client's connections. */
    public QueueAdmin queueAdmin() {
        return new QueueCalls(caller, requestIds::incrementAndGet);
    }

    /**
     * Says what became of a record, by the token of its lease, from whatever process. Saying the same again gives the
     * same answer. Returns when it is durable.
     *
     * @throws HeadwaterException.StaleLease the lease had ended; nothing was changed
     */
    public void settle(String token, Settlement settlement) {
        LeaseToken lease = LeaseToken.parse(token);
        QueueSettle request = QueueSettle.newBuilder()
                .setPartitionId(lease.partitionId())
                .setGroupId(lease.groupId())
                .addSettlements(QueueWire.settlement(settlement)
                        .addOffsetSteps(lease.offset())
                        .addAttempts(lease.attempt()))
                .build();
        QueueSettleReply reply = caller.call(FrameType.QUEUE_SETTLE, request, Call.Repeat.SAFE, QueueSettleReply.class);
        if (reply.getProblemsCount() > 0) {
            throw WireErrors.stale(lease.toString(), reply.getProblems(0));
        }
    }

    @Override
    public void close() {
        HeadwaterException failed = null;
        List<AutoCloseable> left = new ArrayList<>(open);
        for (AutoCloseable each : left) {
            try {
                each.close();
            } catch (HeadwaterException e) {
                failed = e;
            } catch (Exception e) {
                throw new IllegalStateException("close failed", e);
            }
        }
        if (!loop.isClosed()) {
            loop.execute(cluster::close);
        }
        loop.close();
        if (failed != null) {
            throw failed;
        }
    }

    /** Builds a client. Not thread-safe. */
    public static final class Builder {
        private List<Endpoint> servers = List.of(new Endpoint("127.0.0.1", 9440));
        private Duration timeout = Duration.ofSeconds(30);
        private Duration keepAlive = Duration.ofSeconds(10);
        private String name = "pid-" + ProcessHandle.current().pid();

        Builder() {}

        /**
         * {@code HOST:PORT}, or several with commas between them: any broker of a cluster that is reached names the
         * others. Default {@code 127.0.0.1:9440}.
         *
         * @throws IllegalArgumentException the text is something else
         */
        public Builder server(String hostsAndPorts) {
            servers = Endpoint.parseAll(hostsAndPorts);
            return this;
        }

        /** How long an operation may take before it fails, retries included; default 30 s. */
        public Builder timeout(Duration limit) {
            timeout = positive("timeout", limit);
            return this;
        }

        /**
         * A connection that only waits for records cannot tell silence from loss: after so long in which nothing came,
         * the broker is asked for a sign of life, and the connection made anew if none comes within a third of the
         * {@link #timeout}; default 10 s.
         */
        public Builder keepAlive(Duration silence) {
            keepAlive = positive("keepAlive", silence);
            return this;
        }

        private static Duration positive(String name, Duration value) {
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: more than 0)");
            }
            return value;
        }

        /** Shown by the broker's status; default the process's id. */
        public Builder name(String clientName) {
            name = clientName;
            return this;
        }

        /** Connects lazily: the first operation reports that no broker can be reached. */
        public HeadwaterClient build() {
            return new HeadwaterClient(this);
        }
    }
}
