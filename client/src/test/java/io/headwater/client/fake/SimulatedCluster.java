package io.headwater.client.fake;

import com.google.protobuf.MessageLite;
import io.headwater.client.link.Link;
import io.headwater.protocol.Errors;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Credit;
import io.headwater.protocol.wire.DeleteTopic;
import io.headwater.protocol.wire.DeleteTopicReply;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.FindOffset;
import io.headwater.protocol.wire.FindOffsetReply;
import io.headwater.protocol.wire.HelloReply;
import io.headwater.protocol.wire.InitProducerReply;
import io.headwater.protocol.wire.Partition;
import io.headwater.protocol.wire.Produce;
import io.headwater.protocol.wire.ProduceBatch;
import io.headwater.protocol.wire.ProduceReply;
import io.headwater.protocol.wire.ProduceResult;
import io.headwater.protocol.wire.Subscribe;
import io.headwater.protocol.wire.SubscribeReply;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.Topics;
import io.headwater.protocol.wire.Unsubscribe;
import io.headwater.protocol.wire.UnsubscribeReply;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Brokers of a cluster on a {@link SimulatedLoop}, each behind a {@link SimulatedLink}. Every partition has one log, of
 * which a part is committed, and a leader that changes: what was not committed may be lost then. Every broker has its own
 * picture of who leads, which comes late; so a leader that was deposed goes on as one for a while, with a log of its own
 * that nobody will ever see, and says neither yes nor no until it hears of it.
 */
public final class SimulatedCluster {
    private static final long MS = 1_000_000;
    private static final String TOPIC = "t";

    private final SimulatedLoop loop;
    private final SplittableRandom random;
    private final List<Node> nodes = new ArrayList<>();
    private final List<Replicated> partitions = new ArrayList<>();
    private final FakeQueues queues;
    private int controller = 1;
    private long lastProducerId = 1_000_000;

    /** Pictures come so late at most. */
    public long stalenessNs = 300 * MS;
    /** A partition is without a leader for so long at most. */
    public long electionNs = 1_000 * MS;
    /** A new leader does not know for so long at most how far its log is committed. */
    public long behindNs;

    /** What leaders answer to the next batches, one by one. */
    public final ArrayDeque<ErrorCode> verdicts = new ArrayDeque<>();

    public int elections;
    public int outOfOrder;
    public int deposedAnswers;
    public int swallowed;
    public int truncatedBatches;
    public int readsBehind;
    public final List<String> deleted = new ArrayList<>();

    private static final class View {
        int leader;
        int epoch;
    }

    /** A partition as it really is. */
    private static final class Replicated {
        final FakePartition log;
        int committed;
        int leader;
        int epoch;
        long behindUntilNs;
        int behindAt;
        final List<Pending> pending = new ArrayList<>();

        Replicated(FakePartition log) {
            this.log = log;
        }
    }

    /** An append that is not committed: answered when so many entries are. */
    private record Pending(int entries, ProduceResult result, Consumer<ProduceResult> answer) {}

    private static final class Subscription {
        final int connection;
        final int id;
        final Replicated partition;
        final long until;
        long next;
        long credit;

        Subscription(int connection, Subscribe request, Replicated partition) {
            this.connection = connection;
            this.id = request.getSubscriptionId();
            this.partition = partition;
            this.until = request.getUntilOffset();
            this.next = request.getFromOffset();
            this.credit = request.getCreditBytes();
        }
    }

    /** Thinks that it leads, and does not. */
    private static final class Deposed {
        final FakePartition log;
        final int committed;
        final List<Consumer<ProduceResult>> undecided = new ArrayList<>();

        Deposed(FakePartition log, int committed) {
            this.log = log;
            this.committed = committed;
        }
    }

    /** A broker. */
    public final class Node implements SimulatedLink.Broker {
        final int id;
        public final SimulatedLink link;
        final Map<Long, View> views = new HashMap<>();
        final Map<Long, Deposed> deposed = new HashMap<>();
        final List<Subscription> subscriptions = new ArrayList<>();
        int controllerView = controller;
        boolean isDown;
        /** From all others: it can have nothing agreed on. */
        public boolean isCutOff;

        Node(int id) {
            this.id = id;
            this.link = new SimulatedLink(loop, random.split(), this);
        }

        String endpoint() {
            return "node" + id + ":1";
        }

        private boolean claims(Replicated partition) {
            return views.get(partition.log.id).leader == id;
        }

        private Error notLeader(Replicated partition) {
            int leader = views.get(partition.log.id).leader;
            return elsewhere(ErrorCode.ERROR_NOT_LEADER, leader);
        }

        private Error elsewhere(ErrorCode code, int node) {
            return Errors.elsewhere(
                    code,
                    "node " + id + " says: " + node,
                    node,
                    node == 0 ? "" : node(node).endpoint());
        }

        private void learn(Replicated partition, int leader, int epoch) {
            View view = views.get(partition.log.id);
            if (epoch <= view.epoch) {
                return;
            }
            boolean claimed = view.leader == id;
            view.epoch = epoch;
            view.leader = leader;
            Deposed was = deposed.remove(partition.log.id);
            if (was != null) {
                ProduceResult unknown = ProduceResult.newBuilder()
                        .setError(Errors.unknownOutcome(ErrorCode.ERROR_NOT_LEADER, "deposed").toBuilder()
                                .setNodeId(leader)
                                .setEndpoint(leader == 0 ? "" : node(leader).endpoint()))
                        .build();
                deposedAnswers += was.undecided.size();
                was.undecided.forEach(answer -> answer.accept(unknown));
            }
            if (claimed && leader != id) {
                Error why = notLeader(partition);
                for (Iterator<Subscription> all = subscriptions.iterator(); all.hasNext(); ) {
                    Subscription subscription = all.next();
                    if (subscription.partition == partition) {
                        all.remove();
                        push(
                                subscription,
                                Deliver.newBuilder()
                                        .setSubscriptionId(subscription.id)
                                        .setError(why)
                                        .build(),
                                new byte[0]);
                    }
                }
                queues.end(partition.log, line -> ((Peer) line).node == this, why);
            }
        }

        private void push(Subscription to, Deliver message, byte[] entries) {
            link.reply(to.connection, Frame.push(FrameType.DELIVER, message, Unpooled.wrappedBuffer(entries)));
        }

        @Override
        public void read(int connection, FrameType type, int correlationId, MessageLite message, ByteBuf attachment) {
            if (isDown) {
                return;
            }
            Peer peer = new Peer(this, connection);
            switch (type) {
                case HELLO ->
                    link.reply(
                            connection,
                            type,
                            correlationId,
                            HelloReply.newBuilder()
                                    .setVersion(1)
                                    .setNodeId(id)
                                    .setMaxFrameBytes(1 << 20)
                                    .setMaxRecordBytes(1 << 20)
                                    .build());
                case INIT_PRODUCER -> {
                    if (isCutOff) {
                        Error why = Errors.of(ErrorCode.ERROR_METADATA_UNAVAILABLE, "nobody is known to lead");
                        link.reply(connection, Frame.failure(type, correlationId, why));
                    } else {
                        link.reply(
                                connection,
                                type,
                                correlationId,
                                InitProducerReply.newBuilder()
                                        .setProducerId(++lastProducerId)
                                        .build());
                    }
                }
                case GET_TOPICS -> link.reply(connection, type, correlationId, topics());
                case PRODUCE -> produce(connection, correlationId, (Produce) message, attachment);
                case FIND_OFFSET -> find(connection, correlationId, (FindOffset) message);
                case SUBSCRIBE -> subscribe(connection, correlationId, (Subscribe) message);
                case CREDIT -> credit(connection, (Credit) message);
                case UNSUBSCRIBE -> {
                    int gone = ((Unsubscribe) message).getSubscriptionId();
                    subscriptions.removeIf(each -> each.connection == connection && each.id == gone);
                    link.reply(connection, type, correlationId, UnsubscribeReply.getDefaultInstance());
                }
                default -> {
                    Frame request = Frame.request(type, correlationId, message);
                    readForQueue(peer, request);
                }
            }
        }

        private void readForQueue(Peer peer, Frame request) {
            long partitionId = FakeQueues.partitionOf(request);
            if (partitionId >= 0) {
                Replicated partition = SimulatedCluster.this.partition(partitionId);
                if (!claims(partition)) {
                    peer.fail(request, notLeader(partition));
                } else if (partition.leader != id) {
                    // Nothing that it decides is ever committed.
                    swallowed++;
                } else {
                    queues.handle(request, peer);
                }
            } else if (request.type() == FrameType.QUEUE_CREDIT || request.type() == FrameType.QUEUE_CLOSE) {
                queues.handle(request, peer);
            } else if (controllerView != id) {
                peer.fail(request, elsewhere(ErrorCode.ERROR_NOT_CONTROLLER, controllerView));
            } else if (controller != id) {
                swallowed++;
            } else if (request.type() == FrameType.DELETE_TOPIC) {
                deleted.add(request.message(DeleteTopic.class).getName());
                peer.reply(request, DeleteTopicReply.getDefaultInstance());
            } else if (!queues.handle(request, peer)) {
                throw new AssertionError("not simulated: " + request.type());
            }
        }

        private Topics topics() {
            Topics.Builder topics = Topics.newBuilder();
            Topic.Builder topic = Topic.newBuilder().setName(TOPIC);
            for (Replicated partition : partitions) {
                View view = views.get(partition.log.id);
                topic.addPartitions(Partition.newBuilder()
                        .setIndex(partition.log.index)
                        .setPartitionId(partition.log.id)
                        .setEpoch(view.epoch)
                        .setLeader(view.leader));
            }
            nodes.forEach(node -> topics.addNodes(io.headwater.protocol.wire.Node.newBuilder()
                    .setNodeId(node.id)
                    .setEndpoint(node.endpoint())));
            return topics.addTopics(topic).build();
        }

        private void produce(int connection, int correlationId, Produce produce, ByteBuf attachment) {
            ProduceResult[] results = new ProduceResult[produce.getBatchesCount()];
            int[] missing = {results.length};
            for (int i = 0; i < results.length; i++) {
                ProduceBatch batch = produce.getBatches(i);
                byte[] bytes = new byte[batch.getBytes()];
                attachment.readBytes(bytes);
                int at = i;
                take(SimulatedCluster.this.partition(batch.getPartitionId()), bytes, result -> {
                    results[at] = result;
                    if (--missing[0] == 0) {
                        link.reply(
                                connection,
                                FrameType.PRODUCE,
                                correlationId,
                                ProduceReply.newBuilder()
                                        .addAllResults(List.of(results))
                                        .build());
                    }
                });
            }
        }

        private void take(Replicated partition, byte[] bytes, Consumer<ProduceResult> answer) {
            if (!claims(partition)) {
                answer.accept(ProduceResult.newBuilder()
                        .setError(notLeader(partition))
                        .build());
                return;
            }
            boolean leads = partition.leader == id;
            Deposed old = deposed.get(partition.log.id);
            FakePartition log = leads ? partition.log : old.log;
            ErrorCode verdict = leads && !verdicts.isEmpty() ? verdicts.remove() : ErrorCode.ERROR_NONE;
            ProduceResult result = verdict == ErrorCode.ERROR_NONE
                    ? log.append(bytes, 1)
                    : ProduceResult.newBuilder()
                            .setError(Errors.of(verdict, "simulated"))
                            .build();
            outOfOrder += result.getError().getCode() == ErrorCode.ERROR_OUT_OF_ORDER_SEQUENCE ? 1 : 0;
            int entries = entries(log, result);
            if (result.hasError() || entries <= (leads ? partition.committed : old.committed)) {
                answer.accept(result);
            } else if (leads) {
                partition.pending.add(new Pending(entries, result, answer));
                int upTo = log.entries.size();
                int epoch = partition.epoch;
                loop.schedule(random.nextLong(5 * MS), () -> {
                    if (partition.epoch == epoch) {
                        commit(partition, upTo);
                    }
                });
            } else {
                swallowed++;
                old.undecided.add(answer);
            }
        }

        /** How many entries there are up to that one. */
        private int entries(FakePartition log, ProduceResult result) {
            int count = 0;
            for (FakePartition.Entry entry : log.entries) {
                if (entry.baseOffset() <= result.getBaseOffset()) {
                    count++;
                }
            }
            return count;
        }

        private long end(Replicated partition) {
            if (partition.leader != id) {
                return offset(deposed.get(partition.log.id).log, deposed.get(partition.log.id).committed);
            }
            boolean behind = loop.nowNs() < partition.behindUntilNs;
            return offset(partition.log, behind ? partition.behindAt : partition.committed);
        }

        private long offset(FakePartition log, int entries) {
            return entries == 0 ? 0 : log.entries.get(entries - 1).endOffset();
        }

        private void find(int connection, int correlationId, FindOffset find) {
            Replicated partition = SimulatedCluster.this.partition(find.getPartitionId());
            if (!claims(partition)) {
                link.reply(connection, Frame.failure(FrameType.FIND_OFFSET, correlationId, notLeader(partition)));
                return;
            }
            link.reply(
                    connection,
                    FrameType.FIND_OFFSET,
                    correlationId,
                    FindOffsetReply.newBuilder().setEndOffset(end(partition)).build());
        }

        private void subscribe(int connection, int correlationId, Subscribe request) {
            Replicated partition = SimulatedCluster.this.partition(request.getPartitionId());
            if (!claims(partition)) {
                link.reply(connection, Frame.failure(FrameType.SUBSCRIBE, correlationId, notLeader(partition)));
                return;
            }
            if (request.getFromOffset() > end(partition)) {
                readsBehind++;
                Error error = Errors.outOfRange("beyond what is known", 0, end(partition));
                link.reply(connection, Frame.failure(FrameType.SUBSCRIBE, correlationId, error));
                return;
            }
            subscriptions.add(new Subscription(connection, request, partition));
            link.reply(connection, FrameType.SUBSCRIBE, correlationId, SubscribeReply.getDefaultInstance());
            deliver();
        }

        private void credit(int connection, Credit credit) {
            for (Subscription subscription : subscriptions) {
                if (subscription.connection == connection && subscription.id == credit.getSubscriptionId()) {
                    subscription.credit += credit.getBytes();
                }
            }
            deliver();
        }

        void deliver() {
            for (Subscription subscription : List.copyOf(subscriptions)) {
                Replicated partition = subscription.partition;
                FakePartition log = partition.leader == id || !deposed.containsKey(partition.log.id)
                        ? partition.log
                        : deposed.get(partition.log.id).log;
                long end = claims(partition) && (log != partition.log || partition.leader == id) ? end(partition) : 0;
                for (FakePartition.Entry entry : List.copyOf(log.entries)) {
                    boolean due = entry.baseOffset() >= subscription.next && entry.endOffset() <= end;
                    if (due && subscription.credit > 0) {
                        subscription.next = entry.endOffset();
                        subscription.credit -= entry.bytes().length;
                        push(
                                subscription,
                                Deliver.newBuilder()
                                        .setSubscriptionId(subscription.id)
                                        .setNextOffset(subscription.next)
                                        .setEndOffset(end)
                                        .build(),
                                entry.bytes());
                    }
                }
            }
        }
    }

    /** One connection to a broker, as its queues see it. */
    private record Peer(Node node, int connection) implements FakeQueues.Line {
        @Override
        public void reply(Frame to, MessageLite message) {
            reply(to.type(), to.correlationId(), message);
        }

        @Override
        public void reply(FrameType type, int correlationId, MessageLite message) {
            node.link.reply(connection, type, correlationId, message);
        }

        @Override
        public void fail(Frame to, Error error) {
            node.link.reply(connection, Frame.failure(to.type(), to.correlationId(), error));
        }

        @Override
        public void push(FrameType type, MessageLite message, byte[] attachment) {
            node.link.reply(connection, Frame.push(type, message, Unpooled.wrappedBuffer(attachment)));
        }

        @Override
        public void close() {
            node.link.drop(connection, "closed");
        }
    }

    public SimulatedCluster(SimulatedLoop loop, SplittableRandom random, int nodeCount, int partitionCount) {
        this.loop = loop;
        this.random = random;
        this.queues = new FakeQueues(new FakeQueues.Partitions() {
            @Override
            public FakePartition partition(long id) {
                return SimulatedCluster.this.partition(id).log;
            }

            @Override
            public List<FakePartition> partitionsOf(String topic) {
                return logs();
            }
        });
        for (int i = 0; i < nodeCount; i++) {
            nodes.add(new Node(i + 1));
        }
        for (int i = 0; i < partitionCount; i++) {
            Replicated partition = new Replicated(new FakePartition(i + 1L, TOPIC, i));
            partition.leader = 1 + random.nextInt(nodeCount);
            partition.epoch = 1;
            partitions.add(partition);
            for (Node node : nodes) {
                View view = new View();
                view.leader = partition.leader;
                view.epoch = 1;
                node.views.put(partition.log.id, view);
            }
        }
    }

    /** How a client gets there. */
    public Link link(String host) {
        return node(Integer.parseInt(host.substring("node".length()))).link;
    }

    public String servers() {
        return String.join(",", nodes.stream().map(Node::endpoint).toList());
    }

    public Node node(int id) {
        return nodes.get(id - 1);
    }

    public int size() {
        return nodes.size();
    }

    private Replicated partition(long id) {
        return partitions.get((int) id - 1);
    }

    public List<FakePartition> logs() {
        return partitions.stream().map(partition -> partition.log).toList();
    }

    public FakeQueues queues() {
        return queues;
    }

    public int leader(int index) {
        return partitions.get(index).leader;
    }

    private void commit(Replicated partition, int upTo) {
        partition.committed = Math.max(partition.committed, upTo);
        for (Iterator<Pending> all = partition.pending.iterator(); all.hasNext(); ) {
            Pending pending = all.next();
            if (pending.entries() <= partition.committed) {
                all.remove();
                pending.answer().accept(pending.result());
            }
        }
        nodes.forEach(Node::deliver);
    }

    /** Appends, committed, without a client. */
    public void fill(int index, byte[] batch) {
        Replicated partition = partitions.get(index);
        partition.log.append(batch, 1);
        commit(partition, partition.log.entries.size());
    }

    /** The leader of a partition is deposed; after a while another leads, or the same one again. */
    public void elect(int index) {
        elect(index, 1 + random.nextInt(nodes.size()));
    }

    public void elect(int index, int next) {
        Replicated partition = partitions.get(index);
        if (partition.leader == 0) {
            return;
        }
        elections++;
        Node old = node(partition.leader);
        Deposed deposed = new Deposed(partition.log.copy(), partition.committed);
        // Some of what it cannot answer it never does.
        partition.pending.forEach(pending -> {
            if (random.nextInt(4) > 0) {
                deposed.undecided.add(pending.answer());
            }
        });
        partition.pending.clear();
        old.deposed.put(partition.log.id, deposed);
        int keep = partition.committed + random.nextInt(partition.log.entries.size() - partition.committed + 1);
        truncatedBatches += partition.log.entries.size() - keep;
        partition.log.truncate(keep);
        partition.leader = 0;
        partition.epoch++;
        publish(partition);
        loop.schedule(random.nextLong(electionNs), () -> lead(partition, next));
    }

    private void lead(Replicated partition, int id) {
        int committed = partition.committed;
        if (node(id).isDown || node(id).link.isFrozen()) {
            loop.schedule(random.nextLong(electionNs), () -> lead(partition, 1 + random.nextInt(nodes.size())));
            return;
        }
        partition.leader = id;
        partition.epoch++;
        partition.committed = partition.log.entries.size();
        partition.behindUntilNs = loop.nowNs() + random.nextLong(behindNs + 1);
        partition.behindAt = committed - random.nextInt(Math.min(3, committed) + 1);
        loop.schedule(behindNs + MS, () -> nodes.forEach(Node::deliver));
        node(id).learn(partition, id, partition.epoch);
        publish(partition);
        nodes.forEach(Node::deliver);
    }

    private void publish(Replicated partition) {
        int leader = partition.leader;
        int epoch = partition.epoch;
        for (Node node : nodes) {
            loop.schedule(random.nextLong(stalenessNs + 1), () -> node.learn(partition, leader, epoch));
        }
    }

    /** Another broker decides for the cluster. */
    public void moveController() {
        controller = 1 + random.nextInt(nodes.size());
        int now = controller;
        node(now).controllerView = now;
        for (Node node : nodes) {
            loop.schedule(random.nextLong(stalenessNs + 1), () -> {
                if (controller == now) {
                    node.controllerView = now;
                }
            });
        }
    }

    /** Stops, as by a power cut, and comes back; what it led is led elsewhere, or by itself again. */
    public void crash(int id, long downNs) {
        Node node = node(id);
        node.link.unreachableChance = 100;
        node.link.drop();
        node.subscriptions.clear();
        queues.lostAll(line -> ((Peer) line).node == node);
        for (int i = 0; i < partitions.size(); i++) {
            if (partitions.get(i).leader == id) {
                elect(i);
            }
        }
        node.deposed.values().forEach(deposed -> deposed.undecided.clear());
        // It does not come back as a leader.
        partitions.forEach(partition -> node.learn(partition, partition.leader, partition.epoch));
        node.isDown = true;
        loop.schedule(downNs, () -> {
            node.isDown = false;
            node.link.unreachableChance = 0;
        });
    }

    /** Reads nothing for a while, and goes on with what has come meanwhile. */
    public void hang(int id, long durationNs) {
        node(id).link.freeze(durationNs);
    }
}
