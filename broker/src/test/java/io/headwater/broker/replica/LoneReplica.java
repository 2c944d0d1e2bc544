package io.headwater.broker.replica;

import io.headwater.broker.replica.SimLog.Entry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A replica on node 0 whose world is played by the test: nothing becomes durable or arrives by itself. */
final class LoneReplica implements Promises, Messages, ReplicaOwner {
    static final long INCARNATION = 50;
    static final ReplicaId ME = id(0);
    static final ReplicaId A = id(1);
    static final ReplicaId B = id(2);
    static final ReplicaId C = id(3);
    static final Configuration THREE = new Configuration(1, List.of(ME, A, B), List.of(), 0);
    private static final ReplicaSettings SETTINGS = new ReplicaSettings(300, 200, 100, 5, 500);

    /** Of whoever attaches. */
    boolean takesSegments;

    final SimLog log = new SimLog(new Checker(new Timeline()), () -> {});
    final List<Integer> promises = new ArrayList<>();
    final List<ReplicaMessage> sent = new ArrayList<>();
    final List<ControllerMessage> told = new ArrayList<>();
    final List<String> events = new ArrayList<>();
    final Replica replica;
    /** Its owner could keep that it counts what is not on disk. */
    boolean keepsUnsynced = true;
    /** At level replicated. */
    boolean commitsWritten;
    /** Its owner cannot keep now that it is whole again. */
    boolean keepsNothing;

    private long views;

    LoneReplica(int promised, int... epochsOfEntries) {
        this(promised, Lack.NOTHING, epochsOfEntries);
    }

    LoneReplica(int promised, Lack lack, int... epochsOfEntries) {
        this(promised, lack, null, epochsOfEntries);
    }

    LoneReplica(int promised, Lack lack, @Nullable LogEnd had, int... epochsOfEntries) {
        for (int epoch : epochsOfEntries) {
            log.append(new Entry(epoch, log.endIndex()));
        }
        log.synced(log.endIndex());
        ReplicaPorts ports = new ReplicaPorts(log, this, this, this);
        replica = new Replica(new ReplicaStart(ME, INCARNATION, 0, promised, 0, lack, had), ports, SETTINGS);
    }

    /** Leads this epoch, with everything durable and nobody attached. */
    static LoneReplica leading(int epoch, Configuration configuration, int... epochsOfEntries) {
        LoneReplica lone = new LoneReplica(0, epochsOfEntries);
        lone.view(epoch, new Leader(ME, INCARNATION), configuration);
        lone.sync();
        lone.replica.onPromiseDurable(epoch);
        return lone;
    }

    /** Is attached to the leader of this epoch on node 1, with everything durable. */
    static LoneReplica following(int epoch, int... epochsOfEntries) {
        LoneReplica lone = new LoneReplica(0, epochsOfEntries);
        lone.view(epoch, new Leader(A, 51), THREE);
        lone.replica.onPromiseDurable(epoch);
        lone.replica.receive(new ReplicaMessage.AttachOk(
                epoch, new AttachId(ME, INCARNATION, 1), lone.log.endIndex(), 0, lone.log.endIndex()));
        lone.sent.clear();
        return lone;
    }

    static ReplicaId id(int node) {
        return new ReplicaId(node, new UUID(0, 0));
    }

    void view(int epoch, Leader leader, Configuration configuration) {
        replica.onView(new PartitionView(++views, epoch, leader, configuration, List.of(), 0, commitsWritten));
    }

    void recovered(int epoch, Leader leader, Configuration configuration, int recoveredEpoch) {
        replica.onView(new PartitionView(++views, epoch, leader, configuration, List.of(), recoveredEpoch));
    }

    void sealed(int epoch) {
        replica.onView(new PartitionView(++views, epoch, null, THREE, List.of()));
    }

    void withLearner(int epoch, ReplicaId learner) {
        replica.onView(new PartitionView(++views, epoch, new Leader(ME, INCARNATION), THREE, List.of(learner)));
    }

    void append(int epoch) {
        log.append(new Entry(epoch, log.endIndex()));
        replica.onAppended();
    }

    void sync() {
        log.synced(log.endIndex());
        replica.onDurable();
    }

    /** The replica attaches, with a log that is a prefix of this one. */
    void attach(int epoch, ReplicaId from, long end) {
        attach(epoch, new AttachId(from, 60 + from.node(), 1), end);
    }

    void attach(int epoch, AttachId id, long end) {
        replica.receive(
                new ReplicaMessage.Attach(epoch, id, log.epochs().tail(0, end, Follower.MAX_ROWS), takesSegments));
    }

    void ack(int epoch, ReplicaId from, long end) {
        replica.receive(new ReplicaMessage.Ack(epoch, from, end));
    }

    /** From the leader on node 1. */
    void receive(int epoch, long from, long commit, int... epochsOfEntries) {
        List<Entry> entries = new ArrayList<>();
        for (int each : epochsOfEntries) {
            entries.add(new Entry(each, from + entries.size()));
        }
        replica.receive(new ReplicaMessage.Append(epoch, ME, new SimLog.SimEntries(from, entries), commit));
    }

    <T> List<T> sent(Class<T> kind) {
        return sent.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    <T> List<T> told(Class<T> kind) {
        return told.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    @Override
    public void store(int epoch) {
        promises.add(epoch);
    }

    @Override
    public void send(int node, ReplicaMessage message) {
        sent.add(message);
    }

    @Override
    public void answer(int controllerNode, ControllerMessage.SealReport report) {
        events.add("report to " + controllerNode);
        told.add(report);
    }

    @Override
    public void tellController(ControllerMessage message) {
        told.add(message);
    }

    @Override
    public void leads(int epoch) {
        events.add("leads " + epoch);
    }

    @Override
    public void stopsLeading(int epoch) {
        events.add("stops " + epoch);
    }

    @Override
    public void committed(long endIndex) {
        events.add("committed " + endIndex);
    }

    @Override
    public void mustCopy(long fromIndex, long untilIndex, boolean goesOn) {
        events.add((goesOn ? "copy on " : "copy ") + fromIndex);
    }

    @Override
    public void mustBeginAnew() {
        events.add("begins anew");
    }

    @Override
    public void wholeAgain() {
        if (keepsNothing) {
            throw new UncheckedIOException(new IOException("the disk is full"));
        }
        events.add("whole again");
    }

    @Override
    public boolean mayCountWritten() {
        events.add("counts written");
        return keepsUnsynced;
    }

    @Override
    public void halted(String reason) {
        events.add("halted");
    }
}
