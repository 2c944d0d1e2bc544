package io.headwater.broker.control;

import com.google.protobuf.MessageLite;
import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.MetadataQuorum;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.observe.GroupLag;
import io.headwater.broker.observe.Health;
import io.headwater.broker.observe.Metrics;
import io.headwater.broker.observe.Vitals;
import io.headwater.broker.partition.Partitions;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.protocol.Errors;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.GroupHeartbeat;
import io.headwater.protocol.wire.JoinGroup;
import io.headwater.protocol.wire.LeaveGroup;
import io.headwater.storage.Marks;
import io.headwater.storage.ViewStore;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * The housekeeper. A turn: take what is in the mailbox, let each handler answer or ask partitions, sync what was
 * proposed, tell members what changed, look at the timers. The turn ({@link #doWork}) stands apart from the thread
 * ({@link #start}), so that tests turn it by hand. Nothing here blocks but the metadata's sync and the view's writes.
 */
public final class ControlAgent implements Metrics.House, AutoCloseable {
    private static final long LONGEST_PARK_NS = TimeUnit.SECONDS.toNanos(5);
    /** What every broker answers. */
    private static final Set<FrameType> FOR_ALL =
            EnumSet.of(FrameType.INIT_PRODUCER, FrameType.GET_TOPICS, FrameType.GET_STATUS, FrameType.GET_CLUSTER);

    /**
     * What the agent works with.
     *
     * @param quorum owned by the agent's thread from {@link #start} on
     * @param partitions completes on the queue
     * @param responsibility where another broker has it, clients are sent there
     * @param onFatal hears of a broken invariant; must end the process
     */
    public record Surroundings(
            BrokerConfig config,
            ControlQueue queue,
            MetadataQuorum quorum,
            Partitions partitions,
            ViewStore views,
            Marks marks,
            Vitals vitals,
            Responsibility responsibility,
            EpochClock epochClock,
            NanoClock nanoClock,
            Consumer<Throwable> onFatal) {}

    private final ControlQueue queue;
    private final MetadataQuorum quorum;
    private final Vitals vitals;
    private final BrokerConfig config;
    private final NanoClock nanoClock;
    private final Consumer<Throwable> onFatal;
    private final GroupMembers members;
    private final ViewKeeper viewKeeper;
    private final StatusHandler status;
    private final LagReport lag;
    private final Responsibility responsibility;
    private boolean responsible;
    private final Chores chores;
    private final Map<FrameType, Reply.Handler<MessageLite>> handlers = new EnumMap<>(FrameType.class);
    private volatile Health.Phase phase = Health.Phase.STARTING;
    private volatile boolean stopped;
    private volatile long turnedAtNs;
    private @Nullable Thread thread;

    /** As {@link Surroundings}, with the part of the marks that is needed here. */
    record Core(
            BrokerConfig config,
            ControlQueue queue,
            MetadataQuorum quorum,
            Partitions partitions,
            ViewStore views,
            PositionsView.Marked marks,
            Vitals vitals,
            Responsibility responsibility,
            EpochClock epochClock,
            NanoClock nanoClock,
            Consumer<Throwable> onFatal) {}

    public ControlAgent(Surroundings around, BrokerFacts facts) {
        this(
                new Core(
                        around.config(),
                        around.queue(),
                        around.quorum(),
                        around.partitions(),
                        around.views(),
                        PositionsView.marked(around.marks()),
                        around.vitals(),
                        around.responsibility(),
                        around.epochClock(),
                        around.nanoClock(),
                        around.onFatal()),
                facts);
    }

    ControlAgent(Core core, BrokerFacts facts) {
        this.queue = core.queue();
        this.quorum = core.quorum();
        this.vitals = core.vitals();
        this.config = core.config();
        this.nanoClock = core.nanoClock();
        this.onFatal = core.onFatal();
        this.turnedAtNs = nanoClock.nanoTime();
        Partitions partitions = core.partitions();
        EpochClock clock = core.epochClock();
        Proposals proposals = new Proposals(quorum, clock);
        PositionsView.Marked marks = new ReplicatedMarks(core.marks(), quorum::image, facts.nodeId());
        PositionsView view = new PositionsView(core.views(), marks);
        this.responsibility = core.responsibility();
        this.responsible = responsibility.isHere();
        this.members = new GroupMembers(config.groups(), facts.nodeId(), proposals, partitions, view, clock);
        GroupReports reports = new GroupReports(proposals, partitions, view, members);
        this.viewKeeper = new ViewKeeper(proposals, partitions, view);
        this.lag = new LagReport(members.announcer(), reports);
        this.status = new StatusHandler(facts, proposals, vitals, this::health, clock);
        this.chores =
                new Chores(config, proposals, partitions, view, marks, viewKeeper, members, lag, facts.nodeId(), clock);
        register(
                new TopicHandlers(config.topics(), proposals, partitions, marks),
                new GroupHandlers(proposals, partitions, view, members, reports, clock),
                new QueueGroupHandlers(proposals, partitions),
                new ProducerIds(proposals),
                new ClusterHandlers(facts.nodeId(), proposals, partitions, responsibility));
        quorum.listener(new MetadataQuorum.Listener() {
            @Override
            public void applied(MetadataImage image, Command command) {
                if (command.hasAlterTopic() || command.hasDeleteTopic() || command.hasCreateTopic()) {
                    members.topologyChanged(nowMs());
                }
            }

            @Override
            public void replaced(MetadataImage image) {
                members.topologyChanged(nowMs());
            }
        });
    }

    private void register(
            TopicHandlers topics,
            GroupHandlers groups,
            QueueGroupHandlers queueGroups,
            ProducerIds producers,
            ClusterHandlers cluster) {
        on(FrameType.INIT_PRODUCER, producers::init);
        on(FrameType.GET_TOPICS, topics::list);
        on(FrameType.CREATE_TOPIC, topics::create);
        on(FrameType.ALTER_TOPIC, topics::alter);
        on(FrameType.DELETE_TOPIC, topics::delete);
        on(FrameType.DESCRIBE_TOPIC, topics::describe);
        this.<JoinGroup>on(FrameType.JOIN_GROUP, (message, reply) -> members.join(message, reply, nowMs()));
        this.<GroupHeartbeat>on(
                FrameType.GROUP_HEARTBEAT, (message, reply) -> members.heartbeat(message, reply, nowMs()));
        this.<LeaveGroup>on(FrameType.LEAVE_GROUP, (message, reply) -> members.leave(message, reply, nowMs()));
        on(FrameType.COMMIT, groups::commit);
        on(FrameType.GET_POSITIONS, groups::positions);
        on(FrameType.LIST_GROUPS, groups::list);
        on(FrameType.DESCRIBE_GROUP, groups::describe);
        on(FrameType.SEEK_GROUP, groups::seek);
        on(FrameType.DELETE_GROUP, groups::delete);
        on(FrameType.CREATE_QUEUE_GROUP, queueGroups::create);
        on(FrameType.ALTER_QUEUE_GROUP, queueGroups::alter);
        on(FrameType.DELETE_QUEUE_GROUP, queueGroups::delete);
        on(FrameType.GET_QUEUE_GROUPS, queueGroups::list);
        on(FrameType.DESCRIBE_QUEUE_GROUP, queueGroups::describe);
        on(FrameType.GET_STATUS, status::status);
        on(FrameType.GET_CLUSTER, cluster::describe);
        on(FrameType.OPERATE_CLUSTER, cluster::operate);
    }

    /** The type of the frame says what its message is: the decoder parsed it by that type. */
    @SuppressWarnings("unchecked")
    private <M extends MessageLite> void on(FrameType type, Reply.Handler<M> handler) {
        handlers.put(type, (Reply.Handler<MessageLite>) handler);
    }

    /** Whether a frame of this type belongs here. */
    public boolean handles(FrameType type) {
        return handlers.containsKey(type);
    }

    /** One turn. Returns how much there was to do. */
    public int doWork() {
        long nowNs = nanoClock.nanoTime();
        turnedAtNs = nowNs;
        int work = queue.drain(this::handle, connection -> members.connectionClosed(connection, nowMs()));
        work += quorum.doWork();
        takeOrLeave();
        members.announcer().tellChanges();
        // After the mailbox: signs of life that came in while this thread was held up count before anyone is fenced.
        chores.tick(nowMs(), nowNs);
        return work;
    }

    /** Groups live where the responsibility is. Their members come by themselves; what they committed is in the logs. */
    private void takeOrLeave() {
        boolean here = responsibility.isHere();
        if (here && !responsible) {
            viewKeeper.refresh();
        } else if (!here && responsible) {
            members.resign(responsibility.elsewhere());
        }
        responsible = here;
    }

    private void handle(ControlQueue.Request request) {
        Frame frame = request.frame();
        Reply reply = new Reply(request.connection(), frame.correlationId(), frame.type());
        try {
            Reply.Handler<MessageLite> handler = handlers.get(frame.type());
            if (handler == null) {
                throw Failures.of(
                        ErrorCode.ERROR_INVALID_REQUEST, "a frame of type " + frame.type() + " has no place here");
            }
            if (phase == Health.Phase.STOPPING) {
                throw new RequestFailedException(
                        Errors.of(ErrorCode.ERROR_SHUTTING_DOWN, "the broker is shutting down"));
            }
            if (!responsible && !FOR_ALL.contains(frame.type())) {
                throw new RequestFailedException(responsibility.elsewhere());
            }
            answer(handler, frame, reply);
        } catch (RequestFailedException e) {
            reply.fail(e);
        } finally {
            frame.release();
        }
    }

    private void answer(Reply.Handler<MessageLite> handler, Frame frame, Reply reply) throws RequestFailedException {
        try {
            handler.handle(frame.message(), reply);
        } catch (RequestFailedException e) {
            if (!responsible && e.error().getCode() == ErrorCode.ERROR_UNKNOWN_TOPIC) {
                // It may be so new that this broker has not heard of it.
                throw new RequestFailedException(responsibility.elsewhere());
            }
            throw e;
        }
    }

    private long nowMs() {
        return TimeUnit.NANOSECONDS.toMillis(nanoClock.nanoTime());
    }

    /** Starts the thread; the view of positions is brought up to date in the background. */
    public void start() {
        Thread started = new Thread(this::run, "headwater-control");
        thread = started;
        phase = Health.Phase.RUNNING;
        started.start();
    }

    /** What the first turn is preceded by; both go on in the background. */
    void begin() {
        phase = Health.Phase.RUNNING;
        chores.deleteOrphans();
        chores.openQueues();
        if (responsible) {
            viewKeeper.refresh();
        }
    }

    private void run() {
        try {
            begin();
            while (!stopped) {
                if (doWork() == 0) {
                    long choresNs = chores.nextInNs(nowMs(), nanoClock.nanoTime());
                    queue.await(Math.min(LONGEST_PARK_NS, Math.min(choresNs, quorum.nextInNs())));
                }
            }
            doWork();
        } catch (Throwable e) {
            // A broken invariant: to go on could give a partition to two members, and to stop this thread alone would
            // leave clients waiting.
            onFatal.accept(e);
        }
    }

    @Override
    public Health health() {
        Health known =
                Health.of(phase, vitals, quorum.isWritable(), config.storage().minFreeBytes());
        Thread running = thread;
        boolean dead = running != null && !running.isAlive() && !stopped;
        boolean stuck = nanoClock.nanoTime() - turnedAtNs > TimeUnit.SECONDS.toNanos(30);
        return dead || (running != null && stuck && !stopped)
                ? known.dead("control: the housekeeper has " + (dead ? "stopped" : "not moved for 30 s"))
                : known;
    }

    @Override
    public int topics() {
        return quorum.image().topicCount();
    }

    @Override
    public int partitions() {
        return quorum.image().partitionCount();
    }

    @Override
    public int groups() {
        return quorum.image().groupCount();
    }

    @Override
    public int controlMailbox() {
        return queue.depth();
    }

    @Override
    public List<GroupLag> groupLags() {
        return lag.read();
    }

    /**
     * To be called when no requests come in any more and while the partitions still answer: brings the views to where
     * the logs end, so that the next start need not open them. Any thread.
     */
    public CompletionStage<Void> prepareToStop() {
        phase = Health.Phase.STOPPING;
        CompletableFuture<Void> done = new CompletableFuture<>();
        if (responsibility != Responsibility.ALONE) {
            // What others lead they go on with; nobody believes a view of it.
            done.complete(null);
            return done;
        }
        queue.execute(() -> viewKeeper.refresh().whenComplete((count, failure) -> done.complete(null)));
        return done;
    }

    /** Ends the thread; the metadata quorum is closed by whoever made it. */
    @Override
    public void close() {
        phase = Health.Phase.STOPPING;
        stopped = true;
        queue.execute(() -> {});
        Thread running = thread;
        boolean interrupted = false;
        while (running != null && running.isAlive()) {
            try {
                running.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
