package io.headwater.broker.replica;

import io.headwater.broker.replica.Rules.Rule;
import io.headwater.broker.replica.SimLog.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A node with one replica: a disk that survives crashes, and a process that does not. */
final class SimNode implements Promises, Messages, ReplicaOwner {
    private static final int SEGMENT = 4;
    private static final int COPY_US = 3_000;

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

    /** The newest that this run of the process knows. */
    private @Nullable PartitionView seen;

    private @Nullable Replica replica;
    private long incarnation;
    /** How far the metadata was when this run registered. */
    private long registered;

    private long commit;
    private boolean leading;
    /** Where the log ended when it began to lead. */
    private long inherited;
    /** Who asked where the log ends, and is not answered. */
    private final List<EndRead> endReads = new ArrayList<>();

    private boolean syncing;
    private boolean emptied;
    /** Kept on the disk. */
    private Lack lack = Lack.NOTHING;
    /** The same: where it may lack anything, how far its log went; null: not known. */
    private @Nullable LogEnd had;
    /** The same: it counts what is not on the disk. */
    private boolean unsynced;
    /** Found to be damaged, offline, and not cut yet: how far its log goes, as the process knows. */
    private @Nullable LogEnd offlineAt;

    private int life;

    private record EndRead(long round, long committedWhenAsked) {}

    SimNode(ReplicationWorld world, int number) {
        this.world = world;
        this.timeline = world.timeline();
        this.random = world.random().split();
        this.number = number;
        this.log = newLog();
    }

    private SimLog newLog() {
        SimLog fresh = new SimLog(world.checker(), this::sync);
        fresh.segments(this::offers, () -> fresh.endIndex() % SEGMENT == 0);
        return fresh;
    }

    private boolean offers(long from) {
        return from % SEGMENT == 0 && from + SEGMENT <= Math.min(commit, log.durableIndex());
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

    /** Up to where it knows everything as committed. */
    long commit() {
        return commit;
    }

    String describe() {
        return name() + (isUp() ? "" : " down") + " lack " + lack + " had " + had + " ends "
                + log.epochs().lastEpoch() + ", " + log.endIndex() + ", durable " + log.durableIndex() + ", commit "
                + commit + (leading ? " leads" : "");
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
        offlineAt = null;
        incarnation = world.metadata().newIncarnation();
        registered = world.metadata().view().index();
        commit = Math.min(storedCommit, log.endIndex());
        Replica open = open();
        world.sendView(this);
        tick(incarnation);
        seen = storedView;
        if (storedView != null) {
            open.onView(storedView);
        }
    }

    private Replica open() {
        leading = false;
        endReads.clear();
        syncing = false;
        boolean saysSo = lack != Lack.TAIL || world.rules().hold(Rule.LOST_TAIL_IS_SUSPECT);
        ReplicaStart start = new ReplicaStart(
                id(), incarnation, ++life, storedPromise, storedCommit, saysSo ? lack : Lack.NOTHING, had);
        Replica opened = new Replica(start, new ReplicaPorts(log, this, this, this), settings(), world.rules());
        replica = opened;
        timeline.trace(start);
        return opened;
    }

    private ReplicaSettings settings() {
        return world.profile().settings();
    }

    /** The copy is deleted, with all that this node knows of it; another one begins. The disk is the same. */
    private void beginAnew(PartitionView view) {
        log = newLog();
        lack = Lack.NOTHING;
        unsynced = false;
        storedPromise = 0;
        storedCommit = 0;
        commit = 0;
        storedView = view;
        open().onView(view);
    }

    void onView(PartitionView view) {
        boolean isNewer = seen == null || view.index() > seen.index();
        boolean wasMember = seen != null && seen.isMember(id());
        boolean goes = isNewer && wasMember && !view.isMember(id()) && goesWhenTakenAway();
        if (goes && view.index() < registered) {
            return; // the run before may have known more: a host deletes nothing before its picture shows that it has
            // registered
        }
        if (isNewer) {
            seen = view;
        }
        if (goes) {
            beginAnew(view);
            return;
        }
        replica().onView(view);
        boolean keep = storedView == null || random.nextInt(4) == 0;
        if (keep && isNewer) {
            storedView = view;
        }
    }

    private boolean goesWhenTakenAway() {
        return world.profile().hasDisasters() || world.profile().commitsWritten();
    }

    /** @param power with the machine: what was not synced is lost; else all that was written is there, and synced at the start */
    void crash(boolean power) {
        timeline.trace(name());
        replica = null;
        int left = (int) (log.endIndex() - log.durableIndex());
        if (!power) {
            log.crash(left);
        } else {
            log.crash(left == 0 ? 0 : random.nextInt(left + 1));
            world.checker().lostPower(this);
            lack = unsynced && lack == Lack.NOTHING ? Lack.TAIL : lack;
        }
        unsynced = false;
        if (random.nextBoolean()) {
            storedCommit = commit;
        }
        if (world.profile().commitsWritten()) {
            storedCommit = Math.min(storedCommit, log.durableIndex()); // as the marks keep it
        }
    }

    /** Only of a node that is down. */
    void wipe() {
        log = newLog();
        lack = Lack.NOTHING;
        unsynced = false;
        storedPromise = 0;
        storedCommit = 0;
        if (world.rules().hold(Rule.NEW_DISK_NEW_REPLICA)) {
            disk++;
        } else {
            emptied = true;
        }
    }

    /** Damage that is found, in a process that runs or by the next one: what stands behind it is given up. */
    void rot() {
        forfeit(isUp() ? acknowledgedEnd() : null);
        PartitionView last = seen;
        if (isUp()) {
            commit = Math.min(storedCommit, log.endIndex());
            Replica opened = open();
            if (last != null) {
                opened.onView(last);
            }
        }
    }

    /** Damage that is found; nothing is given up yet. The copy does nothing until {@link #giveUp}, or a start that forgets it. */
    void goOffline() {
        LogEnd end = acknowledgedEnd();
        crash(false);
        timeline.trace(name() + " is damaged");
        offlineAt = end;
    }

    void giveUp() {
        forfeit(offlineAt);
        start();
    }

    private @Nullable LogEnd acknowledgedEnd() {
        LogEnd own = new LogEnd(log.epochs().lastEpoch(), log.endIndex());
        if (lack == Lack.NOTHING) {
            return own;
        }
        LogEnd before = had;
        return before == null || before.compareTo(own) > 0 ? before : own;
    }

    private void forfeit(@Nullable LogEnd end) {
        long left = log.endIndex() == 0 ? 0 : random.nextInt((int) log.endIndex());
        timeline.trace(name() + " rots from " + left);
        log.rot(left);
        lack = Lack.ANYTHING;
        had = end;
        storedCommit = Math.min(storedCommit, left);
    }

    /** Until it gives up what is damaged, or starts anew. */
    boolean isOffline() {
        return offlineAt != null;
    }

    boolean isSuspect() {
        return lack != Lack.NOTHING;
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

    /** Somebody asks where the log ends. Who does not know it yet, as a new leader, does not say it. */
    void readEnd() {
        if (knowsEnd()) {
            endReads.add(new EndRead(replica().askToConfirm(), world.checker().committedEnd()));
            answerReads();
        }
    }

    private boolean knowsEnd() {
        return leading && replica().knowsEnd() && commit >= inherited;
    }

    private void answerReads() {
        if (!endReads.isEmpty() && knowsEnd()) {
            long confirmed = replica().confirmedRound();
            endReads.removeIf(read -> {
                boolean sure = read.round() <= confirmed;
                if (sure) {
                    world.checker().endRead(this, read.committedWhenAsked(), commit);
                }
                return sure;
            });
        }
    }

    boolean acceptsAppends() {
        return replica != null && replica.acceptsAppends();
    }

    private void tellPersisted() {
        world.checker().persisted(this, replica().persisted());
    }

    private boolean isStill(long then) {
        return replica != null && incarnation == then;
    }

    /** Whether it is the same copy. */
    private boolean isOpen(int then) {
        return replica != null && life == then;
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
        int then = life;
        long end = log.endIndex();
        long cuts = log.cuts();
        timeline.in(100 + random.nextInt(random.nextInt(10) == 0 ? 60_000 : 3_000), () -> {
            if (!isOpen(then)) {
                return;
            }
            syncing = false;
            if (log.cuts() == cuts) {
                log.synced(end);
                replica().onDurable();
                tellPersisted();
            }
            if (log.durableIndex() < log.endIndex()) {
                sync();
            }
        });
    }

    @Override
    public void store(int epoch) {
        int then = life;
        timeline.in(100 + random.nextInt(4_000), () -> {
            if (isOpen(then)) {
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
            if (!to.leading) {
                to.replica().onAppended();
            }
            to.tellPersisted();
            to.answerReads();
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
        inherited = log.endIndex();
        world.checker().leads(this, epoch);
        world.faults().onLeads(this);
    }

    @Override
    public void stopsLeading(int epoch) {
        leading = false;
        endReads.clear();
    }

    @Override
    public void committed(long endIndex) {
        timeline.trace(endIndex);
        world.checker().committed(this, commit, endIndex, leading);
        commit = endIndex;
    }

    @Override
    public void mustCopy(long fromIndex, long untilIndex, boolean goesOn) {
        if (!goesOn || fromIndex != log.endIndex()) {
            throw world.checker().violation(name() + " must begin anew, and nothing was ever deleted");
        }
        int then = life;
        timeline.in(COPY_US, () -> copySegment(then));
    }

    /** One after the other, of whoever leads at that moment as far as this node knows. */
    private void copySegment(int then) {
        if (!isOpen(then) || leading) {
            return;
        }
        long end = log.endIndex();
        PartitionView last = seen;
        Leader leader = last == null ? null : last.leader();
        SimNode source = leader == null ? null : world.node(leader.node());
        if (source == null) {
            timeline.in(COPY_US, () -> copySegment(then));
            return;
        }
        boolean goesOn = source != this
                && source.isUp()
                && source.offers(end)
                && (end == 0
                        || source.log.epochs().epochAt(end - 1) == log.epochs().lastEpoch());
        if (goesOn) {
            for (long at = end; at < end + SEGMENT; at++) {
                log.append(source.log.get(at));
            }
            log.synced(log.endIndex());
            world.checker().copied();
            replica().onDurable();
            timeline.in(COPY_US, () -> copySegment(then));
        } else {
            replica().onCopied(end);
        }
    }

    @Override
    public void mustBeginAnew() {
        int then = life;
        timeline.in(1, () -> {
            PartitionView last = seen;
            if (isOpen(then) && last != null) {
                world.checker().begunAnew();
                beginAnew(last);
            }
        });
    }

    @Override
    public void wholeAgain() {
        lack = Lack.NOTHING;
        had = null;
        world.checker().wholeAgain();
    }

    @Override
    public boolean mayCountWritten() {
        unsynced = true;
        return true;
    }

    @Override
    public void halted(String reason) {
        throw world.checker().violation(name() + " halts: " + reason);
    }
}
