package io.headwater.broker.simulation;

import com.google.protobuf.MessageLite;
import io.headwater.broker.SteppedBroker;
import io.headwater.broker.cluster.ClusterSettings;
import io.headwater.broker.metadata.Leader;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.Replica;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.replica.Mutation;
import io.headwater.client.ConsumedRecord;
import io.headwater.client.HeadwaterException;
import io.headwater.client.QueueConsumer;
import io.headwater.client.QueueRecord;
import io.headwater.client.Settlement;
import io.headwater.client.SteppedClient;
import io.headwater.client.StreamConsumer;
import io.headwater.client.fake.SimulatedLoop;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.AckLevel;
import io.headwater.protocol.wire.CreateQueueGroup;
import io.headwater.protocol.wire.CreateTopic;
import io.headwater.protocol.wire.DescribeQueueGroup;
import io.headwater.protocol.wire.QueueConfig;
import io.headwater.protocol.wire.QueueGroup;
import io.headwater.protocol.wire.QueueGroupDescription;
import io.headwater.protocol.wire.QueuePartition;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.TopicConfig;
import io.headwater.storage.CorruptLogException;
import io.headwater.storage.PartitionLog;
import io.headwater.storage.StorageException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A cluster of three or four brokers and its clients in one thread and in simulated time. A run is decided by its seed: the same seed
 * gives the same {@link #trace}.
 *
 * <h2>What is real</h2>
 *
 * <p>Of a broker everything but its threads, its sockets and its metrics: the owners with their replicas, logs, promises, commit
 * points, queues, producer windows and timers ({@code shard}); the log's files over a disk in memory that forgets at a power
 * cut what was not synced ({@code storage}); what a member does, which is to register, to beat, to follow the metadata, and on
 * the leading node to fence, seal, elect and hand back ({@code cluster}); what replicas and brokers say to each other, encoded and
 * decoded; the control agent; and the pipeline of each client's connection, from bytes to bytes. Of a client everything but its
 * thread and its socket, and those of its methods that block.
 *
 * <h2>What is a model</h2>
 *
 * <p>The log of the metadata is {@link ModelMetadata} in place of Ratis. The network between brokers is {@link PeerConnection} in
 * place of {@code NettyPeers}: as over TCP, messages arrive in order or not at all, and who loses some is told. Threads are
 * turns, each at a random moment; a process dies between two turns, or between two changes of its disk. A sync of one file takes
 * effect as a whole, at its end.
 */
final class World {
    static final String TOPIC = "t";
    static final String GROUP = "g";

    static final int REPLICAS = 3;
    private static final int MOST_CLIENTS = 64;
    private static final long MS = 1_000_000;
    private static final long SECOND = 1_000 * MS;
    private static final long FORM_NS = 120 * SECOND;
    /** After the faults have ended, everything must be whole within this time. */
    private static final long HEAL_NS = 240 * SECOND;

    private final SimulatedLoop time = new SimulatedLoop();
    private final SplittableRandom random;
    private final Profile profile;
    private final Mutation mutation;
    private final boolean isWithoutRule;
    private final Network network;
    private final ModelMetadata metadata;
    private final List<Machine> machines = new ArrayList<>();
    private final List<Client> clients = new ArrayList<>();
    private final Commits commits = new Commits();
    private @Nullable Operator operator;
    /** Wants to know where partitions end. */
    private @Nullable Client asker;

    final Faults faults;
    final History history;
    private long trace;
    private @Nullable Throwable broken;
    private boolean calm;
    private int producing;
    private long[] nextRead = new long[0];
    private int nextClient;

    World(SplittableRandom random, Profile profile) {
        this(random, profile, null);
    }

    /** @param rule that does not hold; null: all do */
    World(SplittableRandom random, Profile profile, @Nullable String rule) {
        this.isWithoutRule = rule != null;
        this.mutation = Mutation.without(rule, profile.windowBytes(), profile.frameBytes());
        this.random = random;
        this.profile = profile;
        this.history = new History(profile.level());
        this.network = new Network(time, random.split(), profile.machines() + MOST_CLIENTS);
        this.nextClient = profile.machines();
        this.metadata = new ModelMetadata(time, random.split(), network::reaches);
        this.faults = new Faults(this, profile, random.split());
        for (int i = 1; i <= profile.machines(); i++) {
            machines.add(new Machine(this, i, random.split()));
        }
    }

    SimulatedLoop time() {
        return time;
    }

    Network network() {
        return network;
    }

    ModelMetadata metadata() {
        return metadata;
    }

    Commits commits() {
        return commits;
    }

    Operator operator() {
        return Objects.requireNonNull(operator, "there is a topic");
    }

    int machines() {
        return machines.size();
    }

    /** Over all machines. */
    int sum(ToIntFunction<Machine> of) {
        return machines.stream().mapToInt(of).sum();
    }

    Machine machine(int number) {
        return machines.get(number - 1);
    }

    /** Where a partition is led; 0: nowhere. */
    int leadingMachine() {
        Leader leader = partitions().get(random.nextInt(profile.partitions())).leader();
        for (Machine each : machines) {
            if (leader != null && each.nodeId() == leader.nodeId()) {
                return each.number();
            }
        }
        return 0;
    }

    ClusterSettings.Timing timing() {
        ClusterSettings.Timing usual = ClusterSettings.Timing.DEFAULTS;
        return new ClusterSettings.Timing(
                profile.sessionMs() / 8,
                profile.sessionMs(),
                profile.lostMs(),
                Math.min(usual.handbackMs(), 2 * profile.sessionMs()),
                usual.retryMs(),
                usual.startMs());
    }

    Mutation mutation() {
        return mutation;
    }

    long syncNs() {
        return profile.syncNs();
    }

    /** One of those that live. */
    Client client(SplittableRandom chooser) {
        List<Client> alive = clients.stream().filter(Client::isAlive).toList();
        return alive.get(chooser.nextInt(alive.size()));
    }

    /** All others. */
    List<Client> clientsThatDoNotAsk() {
        return clients.stream().filter(each -> each != asker).toList();
    }

    void broken(Throwable why) {
        broken = broken == null ? why : broken;
    }

    /** Hears an answer. What a check throws then would else be lost in the future. */
    <T> void when(CompletableFuture<T> answer, BiConsumer<@Nullable T, @Nullable Throwable> heard) {
        CompletableFuture<T> unused = answer.whenComplete((ok, failure) -> {
            try {
                heard.accept(ok, failure);
            } catch (RuntimeException | AssertionError e) {
                broken(e);
            }
        });
    }

    // The trace

    void trace(long what) {
        trace = (trace ^ what) * 0x9E3779B97F4A7C15L + time.nowNs();
        trace ^= trace >>> 29;
    }

    void trace(@Nullable String what) {
        trace(String.valueOf(what).hashCode());
    }

    // A run

    /** Ends with everything checked. Returns what tells this run from others. */
    long run() {
        form();
        Client admin = client();
        create(admin);
        operator = new Operator(this, admin.library(), random.split());
        for (int i = 0; i < profile.producers(); i++) {
            produce(i);
        }
        nextRead = new long[profile.partitions()];
        read();
        asker = client();
        new EndReader(this, asker, partitions(), random.split()).ask();
        for (int i = 0; i < profile.workers(); i++) {
            work();
        }
        faults.begin();
        step(profile.faultsNs());
        if (isWithoutRule) {
            return trace; // what that breaks is seen when it happens
        }
        calm = true;
        faults.end();
        if (profile.workers() > 0) {
            work();
        }
        until("everything is whole", HEAL_NS, () -> producing == 0 && history.unanswered() == 0 && isWhole());
        List<List<String>> logs = logs();
        long total = logs.stream().mapToInt(List::size).sum();
        until("everything is read", HEAL_NS, () -> history.reads >= total);
        if (profile.workers() > 0) {
            awaitWork(admin, total);
        }
        history.check(logs);
        if (profile.workers() > 0) {
            history.checkWork(logs, profile.keyed());
        }
        // Readers may have come by what had rotted.
        until("everything is whole again", HEAL_NS, this::isWhole);
        Checkpoints checkpoints = checkpoints(0);
        if (!checkpoints.complaints().isEmpty()) {
            throw new History.Violation(checkpoints.complaints().get(0));
        }
        trace(history.summary());
        return trace;
    }

    private void step(long forNs) {
        time.runFor(forNs);
        check();
    }

    private void check() {
        if (broken instanceof Error error) {
            throw error;
        }
        if (broken != null) {
            throw new AssertionError(broken);
        }
    }

    private void until(String what, long limitNs, BooleanSupplier done) {
        long endNs = time.nowNs() + limitNs;
        while (!done.getAsBoolean()) {
            step(50 * MS);
            if (time.nowNs() > endNs) {
                throw new History.Violation("not within " + limitNs / SECOND + " s: " + what + "; " + history.summary()
                        + "; " + describe());
            }
        }
    }

    private String describe() {
        StringBuilder all = new StringBuilder("controller on " + metadata.leadingMachine());
        MetadataImage image = metadata.image();
        TopicInfo topic = image.topic(TOPIC);
        if (topic != null) {
            for (PartitionInfo each : topic.partitions()) {
                all.append("; ").append(each);
            }
        }
        all.append("; nodes ").append(image.nodes());
        for (Machine each : machines) {
            all.append("; ").append(each);
        }
        return all.toString();
    }

    private void form() {
        machine(1).start();
        until("the first broker is up", FORM_NS, () -> machine(1).serving() != null);
        for (int i = 2; i <= machines(); i++) {
            machine(i).start();
        }
        until("the cluster is formed", FORM_NS, () -> isFormed());
    }

    /** Whether all are up, and as many of them vote on the metadata as should. */
    private boolean isFormed() {
        SteppedBroker first = machine(1).serving();
        return first != null
                && Objects.requireNonNull(first.metadata()).voters().size() == REPLICAS
                && machines.stream().allMatch(each -> each.serving() != null);
    }

    private Client client() {
        Client client = new Client(this, ++nextClient, random.split(), Duration.ofSeconds(20));
        clients.add(client);
        return client;
    }

    private <M extends MessageLite> M ask(Client client, FrameType type, MessageLite request, Class<M> reply) {
        CompletableFuture<M> answer = client.library().ask(type, request, reply);
        until(type + " is answered", HEAL_NS, answer::isDone);
        if (answer.isCompletedExceptionally()) {
            throw new History.Violation(
                    type + ": " + answer.handle((ok, why) -> why).join());
        }
        return answer.join();
    }

    private void create(Client admin) {
        Topic unused = ask(
                admin,
                FrameType.CREATE_TOPIC,
                CreateTopic.newBuilder()
                        .setName(TOPIC)
                        .setPartitions(profile.partitions())
                        .setReplicas(REPLICAS)
                        .setConfig(TopicConfig.newBuilder()
                                .setAckLevel(profile.written() ? AckLevel.ACK_REPLICATED : AckLevel.ACK_PERSISTED))
                        .build(),
                Topic.class);
        if (profile.workers() > 0) {
            QueueGroup group = ask(
                    admin,
                    FrameType.CREATE_QUEUE_GROUP,
                    CreateQueueGroup.newBuilder()
                            .setTopic(TOPIC)
                            .setName(GROUP)
                            .setKeyed(profile.keyed())
                            .setConfig(QueueConfig.newBuilder()
                                    .setLeaseMs(random.nextLong(1_000, 6_000))
                                    .setMaxFailures(-1)
                                    .setSessionGraceMs(random.nextBoolean() ? -1 : random.nextLong(1, 3_000)))
                            .build(),
                    QueueGroup.class);
            trace(group.getId());
        }
    }

    // Workload

    private void produce(int number) {
        Client client = client();
        int share = profile.records() / profile.producers();
        CompletableFuture<SteppedClient.Producing> begun = client.library().producer(TOPIC, 1024, random.nextInt(1, 8));
        until("a producer has begun", HEAL_NS, begun::isDone);
        long everyNs = Math.max(MS, profile.faultsNs() / (share + 1));
        producing++;
        send(client, begun.join(), "p" + number, 0, share, everyNs);
    }

    private void send(
            Client client, SteppedClient.Producing producer, String name, int first, int share, long everyNs) {
        if (first >= share) {
            producing--;
            return;
        }
        int count = Math.min(share - first, 1 + random.nextInt(4));
        for (int i = first; i < first + count; i++) {
            int partition = random.nextInt(profile.partitions());
            String value = name + ":" + i + ":" + "x".repeat(random.nextInt(200));
            String key = "k" + random.nextInt(5);
            history.sending(value, key, partition);
            when(producer.send(partition, key, value), (ok, failure) -> {
                trace(ok == null ? -1 : ok.offset());
                history.answered(value, ok, failure);
            });
        }
        time.schedule(
                calm ? MS : random.nextLong(2 * count * everyNs),
                () -> send(client, producer, name, first + count, share, everyNs));
    }

    private void read() {
        Client client = client();
        StreamConsumer consumer = client.library().reader(TOPIC, 4_000);
        poll(consumer);
    }

    private void poll(StreamConsumer consumer) {
        try {
            for (ConsumedRecord record : consumer.poll(Duration.ZERO)) {
                history.read(record, nextRead[record.partition()]++);
            }
        } catch (HeadwaterException e) {
            failed("reading", e);
        }
        time.schedule(random.nextLong(MS, 100 * MS), () -> poll(consumer));
    }

    /** That nobody can be reached is said once, and is no reason to give up. */
    private void failed(String what, HeadwaterException why) {
        if (!(why instanceof HeadwaterException.Retriable)) {
            throw new History.Violation(what + ": " + why.getMessage());
        }
        trace(why.getMessage());
    }

    /** A worker; when it dies, another one comes. */
    private void work() {
        if (nextClient >= machines() + MOST_CLIENTS - 1) {
            return;
        }
        Client client = client();
        QueueConsumer consumer = client.library().worker(TOPIC, GROUP, random.nextInt(1, 16), 0);
        work(client, consumer, new ArrayList<>());
        if (random.nextBoolean()) {
            time.schedule(random.nextLong(profile.faultsNs()), () -> {
                if (!calm) {
                    client.die();
                    work();
                }
            });
        }
    }

    private void work(Client client, QueueConsumer consumer, List<QueueRecord> holding) {
        if (!client.isAlive()) {
            return;
        }
        try {
            for (QueueRecord record : consumer.receive(random.nextInt(1, 6), Duration.ZERO)) {
                trace(record.offset());
                history.delivered(record);
                holding.add(record);
            }
        } catch (HeadwaterException e) {
            failed("working", e);
        }
        while (!holding.isEmpty() && random.nextInt(4) > 0) {
            QueueRecord record = holding.remove(random.nextInt(holding.size()));
            int verb = calm ? 0 : random.nextInt(8);
            Settlement what = verb == 6 ? Settlement.release() : verb == 7 ? Settlement.fail("no") : Settlement.ack();
            history.settling(record, what.verb());
            when(consumer.settle(record, what), (done, failure) -> {
                trace(failure == null ? 1 : 2);
                if (failure == null) {
                    history.settled(record);
                } else if (failure instanceof HeadwaterException.StaleLease) {
                    history.refused(record);
                }
            });
        }
        time.schedule(random.nextLong(MS, 60 * MS), () -> work(client, consumer, holding));
    }

    // The end

    List<PartitionInfo> partitions() {
        return Objects.requireNonNull(metadata.image().topic(TOPIC)).partitions();
    }

    /** Whether each copy of each partition is led, and has on its disk what the others have. */
    private boolean isWhole() {
        if (!operator().isTidy() || faults.isLeaving() || !isCleared()) {
            return false;
        }
        for (PartitionInfo each : partitions()) {
            List<PartitionLog> copies = copies(each);
            if (each.leader() == null || each.replicas().isJoint() || copies.isEmpty()) {
                return false;
            }
            long end = copies.get(0).endIndex();
            for (PartitionLog log : copies) {
                if (log.durableIndex() != end || log.endIndex() != end) {
                    return false;
                }
            }
            if (!haveTheSame(copies)) {
                return false;
            }
        }
        return true;
    }

    /** Whether nothing is left of topics that were deleted. */
    private boolean isCleared() {
        Set<String> known = new HashSet<>();
        metadata.image()
                .topics()
                .forEach(topic -> topic.partitions().forEach(each -> known.add(Long.toString(each.partitionId()))));
        return machines.stream().allMatch(each -> known.containsAll(each.partitions()));
    }

    /** As many entries need not be the same ones: the tail of a leader that is not cut yet may be as long. */
    private static boolean haveTheSame(List<PartitionLog> copies) {
        try {
            List<String> values = Logs.read(copies.get(0));
            for (PartitionLog log : copies) {
                if (!Logs.read(log).equals(values)) {
                    return false;
                }
            }
            return true;
        } catch (CorruptLogException e) {
            return false; // it has to be healed first, which begins with this read
        }
    }

    /** Those on disks that were not lost. */
    private List<PartitionLog> copies(PartitionInfo partition) {
        List<PartitionLog> copies = new ArrayList<>();
        for (Machine each : machines) {
            SteppedBroker broker = each.serving();
            if (broker == null || each.isDamaged()) {
                return List.of();
            }
            String directory = broker.data().marks().directoryId().toString();
            for (Replica replica : partition.replicas().voters()) {
                if (replica.directoryId().equals(directory)) {
                    try {
                        copies.add(broker.data().log(partition.partitionId()));
                    } catch (StorageException e) {
                        if (each.isDead()) {
                            return List.of();
                        }
                        throw new AssertionError("machine " + each.number(), e);
                    }
                }
            }
        }
        return copies;
    }

    /** Of all copies; {@code leftOut} as {@link Checkpoints} says. */
    Checkpoints checkpoints(int leftOut) {
        Checkpoints all = new Checkpoints(leftOut);
        for (PartitionInfo each : partitions()) {
            for (Machine machine : machines) {
                if (hasCopy(machine, each)) {
                    machine.show(each.partitionId(), all);
                }
            }
        }
        return all;
    }

    private static boolean hasCopy(Machine machine, PartitionInfo partition) {
        SteppedBroker broker = machine.serving();
        if (broker == null) {
            return false;
        }
        String directory = broker.data().marks().directoryId().toString();
        return partition.replicas().voters().stream()
                .anyMatch(replica -> replica.directoryId().equals(directory));
    }

    private List<List<String>> logs() {
        return partitions().stream()
                .map(each -> Logs.values(copies(each).get(0)))
                .toList();
    }

    /** Each record is done. */
    private void awaitWork(Client admin, long total) {
        long endNs = time.nowNs() + HEAL_NS;
        while (true) {
            QueueGroupDescription now = ask(
                    admin,
                    FrameType.DESCRIBE_QUEUE_GROUP,
                    DescribeQueueGroup.newBuilder()
                            .setTopic(TOPIC)
                            .setName(GROUP)
                            .build(),
                    QueueGroupDescription.class);
            long floors = now.getPartitionsList().stream()
                    .mapToLong(QueuePartition::getFloor)
                    .sum();
            if (floors == total) {
                return;
            }
            if (time.nowNs() > endNs) {
                throw new History.Violation("not all records are ever done: " + floors + " of " + total + "; "
                        + history.summary() + "; " + now);
            }
            step(500 * MS);
        }
    }
}
