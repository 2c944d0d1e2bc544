package io.headwater.broker.replica;

import io.headwater.broker.replica.Rules.Rule;
import io.headwater.broker.replica.SimLog.Entry;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A node with one replica: a disk that survives crashes, and a process that does not. */
final class SimNode implements Promises, Messages, ReplicaOwner {
    private final ReplicationWorld world;
    private final Timeline timeline;
    private final SplittableRandom random;
    private final int number;

    private SimLog log;
    private int disk;
    private int storedPromise;
    private long storedCommit;
    /** The node's own copy of the metadata: what it knows after a start, until it hears more. */
    private @Nullable PartitionView storedView;

    private @Nullable Replica replica;
    private long incarnation;
    private long commit;
    private boolean leading;
    private boolean syncing;
    private boolean emptied;

    SimNode(ReplicationWorld world, int number) {
        this.world = world;
        this.timeline = world.timeline();
        this.random = world.random().split();
        this.number = number;
        this.log = new SimLog(world.checker(), this::sync);
    }

    int number() {
        return number;
    }

    String name() {
        return id() + "#" + incarnation;
    }

    ReplicaId id() {
        return new ReplicaId(number, new UUID(0, disk));
    }

    long incarnation() {
        return incarnation;
    }

    SimLog log() {
        return log;
    }

    boolean isUp() {
        return replica != null;
    }

    Replica replica() {
        if (replica == null) {
            throw new AssertionError(name() + " is down");
        }
        return replica;
    }

    void start() {
        incarnation = world.metadata().newIncarnation();
        commit = Math.min(storedCommit, log.endIndex());
        leading = false;
        syncing = false;
        ReplicaStart start = new ReplicaStart(id(), incarnation, storedPromise, storedCommit);
        ReplicaPorts ports = new ReplicaPorts(log, this, this, this);
        replica = new Replica(start, ports, world.profile().settings(), world.rules());
        timeline.trace(start);
        world.sendView(this);
        tick(incarnation);
        if (storedView != null) {
            replica.onView(storedView);
        }
    }

    void onView(PartitionView view) {
        replica().onView(view);
        if (storedView == null || random.nextInt(4) == 0) {
            storedView = view;
        }
    }

    void crash() {
        timeline.trace(name());
        replica = null;
        long unsynced = log.endIndex() - log.durableIndex();
        log.crash(unsynced == 0 ? 0 : random.nextInt((int) unsynced + 1));
        if (random.nextBoolean()) {
            storedCommit = commit;
        }
    }

    /** Only of a node that is down. */
    void wipe() {
        log = new SimLog(world.checker(), this::sync);
        storedPromise = 0;
        storedCommit = 0;
        if (world.rules().hold(Rule.NEW_DISK_NEW_REPLICA)) {
            disk++;
        } else {
            emptied = true;
        }
    }

    /** Whether the disk was lost under its old name, and is not full again. */
    boolean isEmptied() {
        emptied &= !world.checker().hasAllCommitted(this);
        return emptied;
    }

    void append(long value) {
        replica().beforeAppend();
        log.append(new Entry(log.epochs().lastEpoch(), value));
        replica().onAppended();
    }

    boolean acceptsAppends() {
        return replica != null && replica.acceptsAppends();
    }

    private boolean isStill(long then) {
        return replica != null && incarnation == then;
    }

    private void tick(long then) {
        timeline.in(30_000 + random.nextInt(20_000), () -> {
            if (isStill(then)) {
                world.sendView(this);
                if (replica().needsTicks()) {
                    replica().tick(timeline.nowMs());
                }
                tick(then);
            }
        });
    }

    private void sync() {
        if (syncing) {
            return;
        }
        syncing = true;
        long then = incarnation;
        long end = log.endIndex();
        long cuts = log.cuts();
        timeline.in(100 + random.nextInt(random.nextInt(10) == 0 ? 60_000 : 3_000), () -> {
            if (!isStill(then)) {
                return;
            }
            syncing = false;
            if (log.cuts() == cuts) {
                log.synced(end);
                replica().onDurable();
            }
            if (log.durableIndex() < log.endIndex()) {
                sync();
            }
        });
    }

    @Override
    public void store(int epoch) {
        long then = incarnation;
        timeline.in(100 + random.nextInt(4_000), () -> {
            if (isStill(then)) {
                storedPromise = Math.max(storedPromise, epoch);
                replica().onPromiseDurable(epoch);
            }
        });
    }

    @Override
    public void send(int node, ReplicaMessage message) {
        world.network().send(number, world.node(node), to -> {
            timeline.trace(message.epoch());
            to.replica().receive(message);
        });
    }

    @Override
    public void answer(int controllerNode, ControllerMessage.SealReport report) {
        world.sendToController(this, controllerNode, report);
    }

    @Override
    public void tellController(ControllerMessage message) {
        world.sendToController(this, random.nextInt(ReplicationWorld.CONTROLLERS), message);
    }

    @Override
    public void leads(int epoch) {
        timeline.trace("leads " + epoch);
        leading = true;
        world.checker().leads(this, epoch);
        world.faults().onLeads(this);
    }

    @Override
    public void stopsLeading(int epoch) {
        leading = false;
    }

    @Override
    public void committed(long endIndex) {
        timeline.trace(endIndex);
        world.checker().committed(this, commit, endIndex, leading);
        commit = endIndex;
    }

    @Override
    public void mustCopy(long leaderStartIndex) {
        throw world.checker().violation(name() + " must copy, and nothing was ever deleted");
    }

    @Override
    public void halted(String reason) {
        throw world.checker().violation(name() + " halts: " + reason);
    }
}
