package io.headwater.client.fake;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.Errors;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameDecoder;
import io.headwater.protocol.FrameEncoder;
import io.headwater.protocol.FrameLayout;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.AssignedPartition;
import io.headwater.protocol.wire.Assignment;
import io.headwater.protocol.wire.Commit;
import io.headwater.protocol.wire.CommitPosition;
import io.headwater.protocol.wire.CommitReply;
import io.headwater.protocol.wire.CommitResult;
import io.headwater.protocol.wire.CreateTopic;
import io.headwater.protocol.wire.Credit;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.FindOffset;
import io.headwater.protocol.wire.FindOffsetReply;
import io.headwater.protocol.wire.GetTopics;
import io.headwater.protocol.wire.GroupHeartbeat;
import io.headwater.protocol.wire.GroupHeartbeatReply;
import io.headwater.protocol.wire.HelloReply;
import io.headwater.protocol.wire.InitProducerReply;
import io.headwater.protocol.wire.JoinGroup;
import io.headwater.protocol.wire.JoinGroupReply;
import io.headwater.protocol.wire.LeaveGroup;
import io.headwater.protocol.wire.LeaveGroupReply;
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
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Listens on loopback; all state belongs to its one thread, and tests reach it through {@link #on}. */
@SuppressWarnings("FutureReturnValueIgnored")
public final class FakeBroker implements AutoCloseable, FakeQueues.Partitions {
    /** What becomes of a produce frame. */
    public enum Fate {
        ANSWER,
        DROP_BEFORE_STORING,
        DROP_AFTER_STORING,
        SILENCE
    }

    /** Carries a delivery to the consumer: as it is, or not, or twice, or to somebody else. */
    @FunctionalInterface
    public interface Courier {
        void carry(Deliver deliver, byte[] entries, BiConsumer<Deliver, byte[]> out);
    }

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Channel listener;
    private final Map<String, List<FakePartition>> topics = new LinkedHashMap<>();
    private final Map<Long, FakePartition> partitions = new HashMap<>();
    private final Set<Peer> peers = new LinkedHashSet<>();
    private final Map<String, FakeGroup> groups = new HashMap<>();
    public final FakeQueues queues = new FakeQueues(this);
    private Function<Produce, Fate> fate = unused -> Fate.ANSWER;
    private Function<ProduceBatch, @Nullable Error> refusal = unused -> null;
    private Function<FindOffset, @Nullable Error> findRefusal = unused -> null;
    private Function<JoinGroup, @Nullable Error> joinRefusal = unused -> null;
    private Courier courier = (deliver, entries, out) -> out.accept(deliver, entries);
    private long nowMs = 1_000_000;
    private long lastProducerId;
    private int lastMember;
    public int maxRecordBytes = 1 << 20;
    public int produceFrames;
    public int produceBatches;
    public int connections;
    public int subscribes;
    /** What the last subscription was granted at its start. */
    public long firstCredit;
    /** Where the last subscription wants to have checked what it is sent; -1: it does not. */
    public long recheckFrom;

    /** One group: its members by id, in the order of joining. */
    private static final class FakeGroup {
        final Map<String, Member> members = new LinkedHashMap<>();
        int generation;
    }

    private static final class Member {
        final String id;
        final Set<String> topics;
        Peer peer;
        Set<Long> target = new LinkedHashSet<>();
        Set<Long> owned = new LinkedHashSet<>();
        Set<Long> told = new LinkedHashSet<>();
        int generation;

        Member(String id, Set<String> topics, Peer peer) {
            this.id = id;
            this.topics = topics;
            this.peer = peer;
        }
    }

    public FakeBroker() {
        this(0);
    }

    public FakeBroker(int port) {
        listener = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        FrameDecoder decoder = FrameDecoder.ofRequests();
                        channel.pipeline().addLast(decoder, new Peer(channel, decoder));
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .syncUninterruptibly()
                .channel();
    }

    public int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    public String server() {
        return "127.0.0.1:" + port();
    }

    /** Looks at the state, or changes it, on the broker's thread. */
    public <T> T on(Function<FakeBroker, T> question) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        group.execute(() -> {
            try {
                answer.complete(question.apply(this));
            } catch (RuntimeException | AssertionError e) {
                answer.completeExceptionally(e);
            }
        });
        return answer.join();
    }

    public void createTopic(String name, int count) {
        on(self -> self.create(name, count));
    }

    private Topic create(String name, int count) {
        List<FakePartition> list = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            FakePartition partition = new FakePartition(partitions.size() + 1L, name, i);
            partitions.put(partition.id, partition);
            list.add(partition);
        }
        topics.put(name, list);
        return topic(name);
    }

    public FakePartition partition(String topic, int index) {
        return topics.get(topic).get(index);
    }

    @Override
    public FakePartition partition(long id) {
        return partitions.get(id);
    }

    @Override
    public List<FakePartition> partitionsOf(String topic) {
        return topics.get(topic);
    }

    /** One more partition. */
    public void grow(String topic) {
        FakePartition partition = new FakePartition(
                partitions.size() + 1L, topic, topics.get(topic).size());
        partitions.put(partition.id, partition);
        topics.get(topic).add(partition);
    }

    public void produceFate(Function<Produce, Fate> next) {
        on(self -> self.fate = next);
    }

    public void produceRefusal(Function<ProduceBatch, @Nullable Error> next) {
        on(self -> self.refusal = next);
    }

    public void findRefusal(Function<FindOffset, @Nullable Error> next) {
        on(self -> self.findRefusal = next);
    }

    public void joinRefusal(Function<JoinGroup, @Nullable Error> next) {
        on(self -> self.joinRefusal = next);
    }

    /** What becomes of deliveries. */
    public void courier(Courier next) {
        on(self -> self.courier = next);
    }

    public void clock(long ms) {
        on(self -> self.nowMs = ms);
    }

    /** The present connections stay, and nothing passes any more, as where a cable is cut. */
    public void fallSilent() {
        on(self -> {
            self.peers.forEach(peer -> peer.silent = true);
            return 0;
        });
    }

    public void dropConnections() {
        on(self -> {
            List.copyOf(self.peers).forEach(peer -> peer.channel.close());
            return 0;
        });
    }

    @Override
    public void close() {
        listener.close().syncUninterruptibly();
        on(self -> {
            List.copyOf(self.peers).forEach(peer -> peer.channel.close());
            return 0;
        });
        group.shutdownGracefully(0, 1, java.util.concurrent.TimeUnit.SECONDS).awaitUninterruptibly(5_000);
    }

    private Topic topic(String name) {
        Topic.Builder topic = Topic.newBuilder().setName(name);
        for (FakePartition partition : topics.get(name)) {
            topic.addPartitions(Partition.newBuilder().setIndex(partition.index).setPartitionId(partition.id));
        }
        return topic.build();
    }

    private void wakeSubscriptions() {
        List.copyOf(peers).forEach(Peer::push);
    }

    /** Recomputes who should read what; partitions move only when their holder has given them up. */
    private void rebalance(String name) {
        FakeGroup fakeGroup = groups.get(name);
        List<Member> members = new ArrayList<>(fakeGroup.members.values());
        members.forEach(member -> member.target = new LinkedHashSet<>());
        int next = 0;
        for (FakePartition partition : partitions.values()) {
            List<Member> fitting = members.stream()
                    .filter(member -> member.topics.contains(partition.topic))
                    .toList();
            if (!fitting.isEmpty()) {
                fitting.get(next++ % fitting.size()).target.add(partition.id);
            }
        }
        reconcile(name, null);
    }

    private void reconcile(String name, @Nullable Member silent) {
        FakeGroup fakeGroup = groups.get(name);
        for (Member member : fakeGroup.members.values()) {
            Set<Long> may = new LinkedHashSet<>(member.target);
            for (Member other : fakeGroup.members.values()) {
                if (other != member) {
                    may.removeAll(other.owned);
                    may.removeAll(other.told);
                }
            }
            if (!may.equals(member.told)) {
                // What it was told before it may hold until it says that it does not.
                member.owned.addAll(member.told);
                member.told = may;
                member.generation = ++fakeGroup.generation;
                if (member != silent) {
                    member.peer.send(
                            FrameLayout.FLAG_PUSH,
                            FrameType.ASSIGNMENT,
                            0,
                            assignment(name, member),
                            Unpooled.EMPTY_BUFFER);
                }
            }
        }
    }

    private Assignment assignment(String name, Member member) {
        Assignment.Builder assignment =
                Assignment.newBuilder().setGroup(name).setMemberId(member.id).setGeneration(member.generation);
        for (long id : member.told) {
            FakePartition partition = partitions.get(id);
            assignment.addPartitions(AssignedPartition.newBuilder()
                    .setPartitionId(id)
                    .setTopic(partition.topic)
                    .setIndex(partition.index)
                    .setPosition(partition.positions.getOrDefault(name, -1L)));
        }
        return assignment.build();
    }

    /** One connection. */
    private final class Peer extends ChannelInboundHandlerAdapter implements FakeQueues.Line {
        final Channel channel;
        final FrameDecoder decoder;
        final Map<Integer, Subscription> subscriptions = new LinkedHashMap<>();
        boolean silent;

        Peer(Channel channel, FrameDecoder decoder) {
            this.channel = channel;
            this.decoder = decoder;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            connections++;
            peers.add(this);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            peers.remove(this);
            queues.lost(this);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object msg) {
            Frame frame = (Frame) msg;
            try {
                if (!silent) {
                    handle(frame);
                }
            } finally {
                frame.release();
            }
        }

        private void handle(Frame frame) {
            switch (frame.type()) {
                case HELLO -> {
                    decoder.handshaken(8 << 20);
                    reply(
                            frame,
                            HelloReply.newBuilder()
                                    .setVersion(1)
                                    .setMaxFrameBytes(8 << 20)
                                    .setMaxRecordBytes(maxRecordBytes)
                                    .build());
                }
                case PRODUCE -> produce(frame);
                case INIT_PRODUCER ->
                    reply(
                            frame,
                            InitProducerReply.newBuilder()
                                    .setProducerId(++lastProducerId)
                                    .build());
                case GET_TOPICS -> getTopics(frame);
                case CREATE_TOPIC -> {
                    CreateTopic create = frame.message(CreateTopic.class);
                    if (topics.containsKey(create.getName())) {
                        fail(frame, Errors.of(ErrorCode.ERROR_TOPIC_EXISTS, "topic exists"));
                    } else {
                        reply(frame, create(create.getName(), Math.max(1, create.getPartitions())));
                    }
                }
                case FIND_OFFSET -> findOffset(frame);
                case SUBSCRIBE -> subscribe(frame);
                case CREDIT -> {
                    Credit credit = frame.message(Credit.class);
                    Subscription subscription = subscriptions.get(credit.getSubscriptionId());
                    if (subscription != null) {
                        subscription.credit += credit.getBytes();
                        push();
                    }
                }
                case UNSUBSCRIBE -> {
                    subscriptions.remove(frame.message(Unsubscribe.class).getSubscriptionId());
                    reply(frame, UnsubscribeReply.getDefaultInstance());
                }
                case JOIN_GROUP -> join(frame);
                case GROUP_HEARTBEAT -> heartbeat(frame);
                case LEAVE_GROUP -> {
                    LeaveGroup leave = frame.message(LeaveGroup.class);
                    FakeGroup left = groups.get(leave.getGroup());
                    left.members.remove(leave.getMemberId());
                    reply(frame, LeaveGroupReply.getDefaultInstance());
                    rebalance(leave.getGroup());
                }
                case COMMIT -> commit(frame);
                default -> {
                    if (!queues.handle(frame, this)) {
                        fail(frame, Errors.of(ErrorCode.ERROR_INVALID_REQUEST, "the fake does not know this"));
                    }
                }
            }
        }

        private void produce(Frame frame) {
            Produce produce = frame.message(Produce.class);
            produceFrames++;
            produceBatches += produce.getBatchesCount();
            Fate what = fate.apply(produce);
            if (what == Fate.DROP_BEFORE_STORING) {
                channel.close();
                return;
            }
            ProduceReply.Builder reply = ProduceReply.newBuilder();
            ByteBuf attachment = frame.attachment();
            for (ProduceBatch batch : produce.getBatchesList()) {
                byte[] bytes = new byte[batch.getBytes()];
                attachment.readBytes(bytes);
                Error refused = refusal.apply(batch);
                reply.addResults(
                        refused != null
                                ? ProduceResult.newBuilder().setError(refused).build()
                                : partitions.get(batch.getPartitionId()).append(bytes, nowMs));
            }
            if (what == Fate.DROP_AFTER_STORING) {
                channel.close();
            } else if (what == Fate.ANSWER) {
                reply(frame, reply.build());
            }
            wakeSubscriptions();
            queues.grant();
        }

        private void getTopics(Frame frame) {
            GetTopics request = frame.message(GetTopics.class);
            Topics.Builder reply = Topics.newBuilder();
            for (String name : request.getNamesCount() == 0 ? topics.keySet() : request.getNamesList()) {
                if (!topics.containsKey(name)) {
                    fail(frame, Errors.of(ErrorCode.ERROR_UNKNOWN_TOPIC, "topic " + name + " does not exist"));
                    return;
                }
                reply.addTopics(topic(name));
            }
            reply(frame, reply.build());
        }

        private void findOffset(Frame frame) {
            FindOffset find = frame.message(FindOffset.class);
            Error refused = findRefusal.apply(find);
            if (refused != null) {
                fail(frame, refused);
                return;
            }
            FakePartition partition = partitions.get(find.getPartitionId());
            long offset = switch (find.getAnchor()) {
                case ANCHOR_BEGINNING -> partition.startOffset;
                case ANCHOR_OFFSET -> find.getValue();
                case ANCHOR_INGESTION_TIME -> first(partition, entry -> entry.ingestionMs() >= find.getValue());
                case ANCHOR_EVENT_TIME -> first(partition, entry -> entry.maxEventMs() >= find.getValue());
                default -> partition.endOffset();
            };
            reply(
                    frame,
                    FindOffsetReply.newBuilder()
                            .setOffset(offset)
                            .setStartOffset(partition.startOffset)
                            .setEndOffset(partition.endOffset())
                            .setCompleteUntilMs(nowMs)
                            .build());
        }

        private long first(FakePartition partition, Function<FakePartition.Entry, Boolean> wanted) {
            for (FakePartition.Entry entry : partition.entries) {
                if (entry.endOffset() > partition.startOffset && wanted.apply(entry)) {
                    return Math.max(entry.baseOffset(), partition.startOffset);
                }
            }
            return partition.endOffset();
        }

        private void subscribe(Frame frame) {
            Subscribe request = frame.message(Subscribe.class);
            subscribes++;
            firstCredit = request.getCreditBytes();
            recheckFrom = request.getRecheck() ? request.getFromOffset() : -1;
            FakePartition partition = partitions.get(request.getPartitionId());
            if (request.getFromOffset() < partition.startOffset || request.getFromOffset() > partition.endOffset()) {
                fail(frame, Errors.outOfRange("out of range", partition.startOffset, partition.endOffset()));
                return;
            }
            subscriptions.put(request.getSubscriptionId(), new Subscription(request, partition));
            reply(
                    frame,
                    SubscribeReply.newBuilder()
                            .setStartOffset(partition.startOffset)
                            .setEndOffset(partition.endOffset())
                            .build());
            push();
        }

        /** Sends, for each subscription, one entry a delivery while there is credit. */
        void push() {
            for (Subscription subscription : List.copyOf(subscriptions.values())) {
                for (FakePartition.Entry entry : subscription.partition.entries) {
                    boolean done = entry.endOffset() <= subscription.next
                            || (subscription.until >= 0 && entry.baseOffset() >= subscription.until);
                    if (done || subscription.credit <= 0) {
                        continue;
                    }
                    subscription.next = entry.endOffset();
                    boolean skipped = subscription.request.getFilterEventTime()
                            && (entry.maxEventMs() < subscription.request.getEventFromMs()
                                    || entry.minEventMs() >= subscription.request.getEventUntilMs());
                    byte[] bytes = skipped ? new byte[0] : entry.bytes();
                    subscription.credit -= bytes.length;
                    Deliver deliver = Deliver.newBuilder()
                            .setSubscriptionId(subscription.request.getSubscriptionId())
                            .setNextOffset(subscription.next)
                            .setEndOffset(subscription.partition.endOffset())
                            .build();
                    courier.carry(deliver, bytes, this::deliver);
                }
            }
        }

        private void deliver(Deliver message, byte[] entries) {
            send(FrameLayout.FLAG_PUSH, FrameType.DELIVER, 0, message, Unpooled.wrappedBuffer(entries));
        }

        private void join(Frame frame) {
            JoinGroup request = frame.message(JoinGroup.class);
            Error refused = joinRefusal.apply(request);
            if (refused != null) {
                fail(frame, refused);
                return;
            }
            FakeGroup joined = groups.computeIfAbsent(request.getGroup(), unused -> new FakeGroup());
            String id = request.getMemberId().isEmpty() ? "member-" + ++lastMember : request.getMemberId();
            Member member = joined.members.get(id);
            if (member == null) {
                member = new Member(id, Set.copyOf(request.getTopicsList()), this);
                joined.members.put(id, member);
            }
            member.peer = this;
            rebalance(request.getGroup());
            reply(
                    frame,
                    JoinGroupReply.newBuilder()
                            .setMemberId(id)
                            .setAssignment(assignment(request.getGroup(), member))
                            .setSessionTimeoutMs(1_000)
                            .setHeartbeatIntervalMs(20)
                            .build());
        }

        private void heartbeat(Frame frame) {
            GroupHeartbeat request = frame.message(GroupHeartbeat.class);
            FakeGroup beating = groups.get(request.getGroup());
            Member member = beating == null ? null : beating.members.get(request.getMemberId());
            if (member == null) {
                fail(frame, Errors.of(ErrorCode.ERROR_UNKNOWN_MEMBER, "join again"));
                return;
            }
            if (request.getGeneration() == member.generation) {
                member.owned.clear();
            }
            // Said before it heard of the last assignment: what that took away may still be held.
            member.owned.addAll(request.getOwnedPartitionIdsList());
            reconcile(request.getGroup(), member);
            GroupHeartbeatReply.Builder reply = GroupHeartbeatReply.newBuilder();
            if (request.getGeneration() < member.generation) {
                reply.setAssignment(assignment(request.getGroup(), member));
            }
            reply(frame, reply.build());
        }

        private void commit(Frame frame) {
            Commit request = frame.message(Commit.class);
            CommitReply.Builder reply = CommitReply.newBuilder();
            for (CommitPosition position : request.getPositionsList()) {
                partitions.get(position.getPartitionId()).positions.put(request.getGroup(), position.getOffset());
                reply.addResults(CommitResult.getDefaultInstance());
            }
            reply(frame, reply.build());
        }

        @Override
        public void reply(Frame to, MessageLite message) {
            reply(to.type(), to.correlationId(), message);
        }

        @Override
        public void reply(FrameType type, int correlationId, MessageLite message) {
            send(FrameLayout.FLAG_REPLY, type, correlationId, message, Unpooled.EMPTY_BUFFER);
        }

        @Override
        public void push(FrameType type, MessageLite message, byte[] attachment) {
            send(FrameLayout.FLAG_PUSH, type, 0, message, Unpooled.wrappedBuffer(attachment));
        }

        @Override
        public void close() {
            channel.close();
        }

        @Override
        public void fail(Frame to, Error error) {
            int flags = FrameLayout.FLAG_REPLY | FrameLayout.FLAG_ERROR;
            send(flags, to.type(), to.correlationId(), error, Unpooled.EMPTY_BUFFER);
        }

        void send(int flags, FrameType type, int correlationId, MessageLite message, ByteBuf attachment) {
            if (silent) {
                attachment.release();
                return;
            }
            channel.write(FrameEncoder.encode(
                    channel.alloc(), type, flags, correlationId, message, attachment.readableBytes()));
            channel.writeAndFlush(attachment);
        }
    }

    private static final class Subscription {
        final Subscribe request;
        final FakePartition partition;
        final long until;
        long next;
        long credit;

        Subscription(Subscribe request, FakePartition partition) {
            this.request = request;
            this.partition = partition;
            this.until = request.getUntilOffset();
            this.next = request.getFromOffset();
            this.credit = request.getCreditBytes();
        }
    }
}
