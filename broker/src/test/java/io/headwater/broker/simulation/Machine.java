package io.headwater.broker.simulation;

import com.google.protobuf.MessageLite;
import io.headwater.broker.Ports;
import io.headwater.broker.SteppedBroker;
import io.headwater.broker.config.HostPort;
import io.headwater.client.fake.SimulatedLoop;
import io.headwater.storage.Mark;
import io.headwater.storage.Marks;
import io.headwater.storage.StorageException;
import io.headwater.storage.SyncMode;
import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A machine with a disk, and a broker on it that dies, is stopped and comes back. */
final class Machine {
    private static final long US = 1_000;
    private static final long MS = 1_000_000;
    private static final long EPOCH_MS = 1_700_000_000_000L;
    private static final Path DIRECTORY = Path.of("/data");
    private static final int MOST_TURNS = 64;
    private static final int MOST_IN_VAIN = 1_000;
    private static final long SEARCH_NS = 300 * MS;
    private static final int SECTOR = 512;
    private static final long START_AGAIN_NS = 1_000 * MS;
    private static final int MOST_FULL_ERRORS = 500;

    private final World world;
    private final int number;
    private final SimulatedLoop time;
    private final SplittableRandom random;
    private MemoryDisk disk = new MemoryDisk();
    /** The same, as the process of this life sees it. */
    private FaultyDisk seen = new FaultyDisk(disk);

    private Runnable whenDead = () -> {};
    private final List<ClientLink> clients = new ArrayList<>();
    private final Deque<Runnable> files = new ArrayDeque<>();
    private final Deque<Runnable> held = new ArrayDeque<>();
    private @Nullable SteppedBroker broker;
    private Commits.Witness witness;
    private boolean switchedOn = true;
    /** It founds the cluster: once, and not again on another disk. */
    private boolean founder;

    private int life;
    private boolean failing;
    private long fullSinceNs;
    private long fullUntilNs;
    private int fullErrorsBefore;
    /** In lives before: how often the disk was found full, and a sector bad. */
    private int fullErrors;

    private int readErrors;
    private long clockOffMs;
    private long pausedUntilNs;
    private long stalledUntilNs;
    /** When the turn comes that is asked for; and which of those that were. */
    private long turnNs = Long.MAX_VALUE;

    private int turnNumber;
    /** Turns without work, of which each asked for the next one at once. */
    private int inVain;

    private boolean syncing;
    private boolean filing;
    /** Where bits have flipped, as long as it may be that nobody has seen to it. */
    private final List<Spot> spots = new ArrayList<>();

    private long searchNs;
    private boolean lastSearch;
    private boolean searched;

    private record Spot(long partition, long segment, long position) {}

    Machine(World world, int number, SplittableRandom random) {
        this.world = world;
        this.number = number;
        this.random = random;
        this.time = world.time();
        this.founder = number == 1;
        this.witness = world.commits().witness("machine " + number);
    }

    static HostPort peers(int number) {
        return new HostPort("b" + number, 7000);
    }

    static HostPort clients(int number) {
        return new HostPort("b" + number, 9000);
    }

    int number() {
        return number;
    }

    int life() {
        return life;
    }

    boolean isSwitchedOn() {
        return switchedOn;
    }

    boolean isSwitchedOnAt(HostPort endpoint) {
        return world.machine(Integer.parseInt(endpoint.host().substring(1))).switchedOn;
    }

    boolean isPaused() {
        return pausedUntilNs > time.nowNs();
    }

    /** Whether the process of that life runs. */
    boolean isUp(int wanted) {
        return broker != null && life == wanted;
    }

    boolean isUp() {
        return broker != null;
    }

    /** Null: it does not let clients in now. */
    @Nullable
    SteppedBroker serving() {
        SteppedBroker running = broker;
        return running != null && running.isServing() ? running : null;
    }

    /** Of the broker; 0: it does not let clients in now. */
    int nodeId() {
        SteppedBroker running = serving();
        return running == null ? 0 : Objects.requireNonNull(running.metadata()).nodeId();
    }

    void trace(MessageLite message, ByteBuffer attachment) {
        world.trace(message.getSerializedSize() * 31L + attachment.remaining());
    }

    // Life

    void start() {
        if (broker != null) {
            return;
        }
        life++;
        switchedOn = true;
        pausedUntilNs = 0;
        stalledUntilNs = 0;
        files.clear();
        held.clear();
        syncing = false;
        filing = false;
        int now = life;
        fullErrors = fullErrors();
        readErrors = readErrors();
        seen = new FaultyDisk(disk);
        if (isFull()) {
            seen.fullAfter(0);
        }
        failing = false;
        witness = world.commits().witness("machine " + number + " in its life " + life);
        Ports ports = new Ports(
                seen,
                () -> EPOCH_MS + clockOffMs + time.nowNs() / MS,
                time::nowNs,
                SyncMode.EVERY_COMMIT,
                () -> new UUID(random.nextLong(), random.nextLong()),
                this::broken);
        List<HostPort> seeds = founder ? List.of() : List.of(peers(1), peers(2), peers(3));
        try {
            broker = new SteppedBroker(new SteppedBroker.Place(
                    DIRECTORY,
                    clients(number),
                    peers(number),
                    seeds,
                    world.timing(),
                    ports,
                    (nodeOf, handler) -> new PeerEnd(this, peers(number), world.network(), handler),
                    world.metadata().on(number),
                    work -> {
                        if (life == now) {
                            files.add(work);
                        }
                    },
                    world.mutation().replica(),
                    world.mutation().controller()));
        } catch (IOException e) {
            if (seen.fullErrors() == 0) {
                throw new AssertionError("machine " + number + " does not start", e);
            }
            gone();
            disk.kill();
            time.schedule(START_AGAIN_NS, this::start);
            return;
        }
        whenDead = () -> {};
        world.trace(number);
        poke(0);
    }

    /** The process dies; of what was not synced a part is lost, if it is for the power. */
    void crash(boolean power) {
        SteppedBroker dead = broker;
        if (dead == null) {
            return;
        }
        broker = null;
        dead.listener().close();
        turnNumber++;
        turnNs = Long.MAX_VALUE;
        held.clear();
        files.clear();
        gone();
        if (power) {
            switchedOn = false;
            disk.powerCut(random);
        } else {
            disk.kill();
        }
        List.copyOf(clients).forEach(ClientLink::brokerIsGone);
        clients.clear();
    }

    /** Nothing of the process answers any more. */
    private void gone() {
        world.metadata().crashed(number);
        world.network().gone(this);
    }

    /**
     * The process dies after so many more changes of its disk, in the middle of whatever it does then.
     *
     * @param then follows
     */
    void dieWriting(int changes, Runnable then) {
        if (broker != null && !isDead()) {
            whenDead = then;
            seen.dieAfter(changes);
        }
    }

    /** What it does from here on never happened: it is dead, and only this turn does not know it. */
    boolean isDead() {
        return seen.died();
    }

    private void broken(Throwable why) {
        if (!isDead()) {
            world.broken(why);
        }
    }

    /** Does something that may be the last. */
    private void live(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | AssertionError e) {
            if (!isDead()) {
                throw e;
            }
        }
        if (isDead() && broker != null) {
            whenDead.run();
        }
    }

    /** The disk is lost. */
    void wipe() {
        disk = new MemoryDisk();
        founder = false;
        spots.clear();
    }

    /**
     * A bit flips somewhere in what its marks cover, as the disk has them: behind them it could not be told from a write that a
     * power cut has torn (ADR 0007). False: there is nothing.
     */
    boolean rot() {
        if (broker == null || isDead()) {
            return false;
        }
        try {
            Spot spot = somewhere();
            if (spot == null) {
                return false;
            }
            disk.flipBit(segment(spot), spot.position(), random.nextInt(8));
            isDamagedAt(spot);
            return true;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void isDamagedAt(Spot spot) {
        spots.add(spot);
        world.trace(spot.hashCode());
    }

    /**
     * While it is down, a segment of a log is lost or emptied, or what an old copy has of it takes its place; or just its index
     * is lost. False: there is none.
     */
    boolean loseFile() {
        try {
            Spot spot = somewhere();
            if (spot == null) {
                return false;
            }
            Path file = segment(spot);
            int size = disk.contents(file).length;
            byte[] old = Arrays.copyOf(disk.contents(file), (int) spot.position());
            switch (random.nextInt(5)) {
                case 0 -> lose(file);
                case 4 -> lose(Path.of(file.toString().replace(".log", ".index")));
                case 1 -> disk.put(file, new byte[0]);
                case 2 -> disk.put(file, old);
                // What is acknowledged behind the marks would be gone as well, which nobody could see (ADR 0007).
                default -> disk.put(file, isCovered(spot, size) ? Arrays.copyOf(old, size) : new byte[0]);
            }
            isDamagedAt(spot);
            return true;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void lose(Path file) throws IOException {
        if (disk.exists(file)) {
            disk.delete(file);
            disk.syncDirectory(Objects.requireNonNull(file.getParent()));
        }
    }

    /** Somewhere in what the marks on the disk cover; null: there is nothing. */
    private @Nullable Spot somewhere() throws IOException {
        try (Marks marks = durableMarks()) {
            List<Spot> rooms = marks == null ? List.of() : covered(marks);
            if (rooms.isEmpty()) {
                return null;
            }
            Spot room = rooms.get(random.nextInt(rooms.size()));
            return new Spot(room.partition(), room.segment(), random.nextLong(room.position()));
        }
    }

    private static Path segment(Spot spot) {
        return DIRECTORY.resolve("partitions/" + spot.partition() + "/" + String.format("%020d.log", spot.segment()));
    }

    /** Null: it has none yet. */
    private @Nullable Marks durableMarks() throws IOException {
        if (!disk.exists(DIRECTORY.resolve("marks"))) {
            return null;
        }
        MemoryDisk copy = new MemoryDisk();
        copy.put(DIRECTORY.resolve("marks"), disk.durableContents(DIRECTORY.resolve("marks")));
        return Marks.open(copy, DIRECTORY);
    }

    private boolean isCovered(Spot spot, long size) throws IOException {
        try (Marks marks = durableMarks()) {
            return marks != null && covered(marks).contains(new Spot(spot.partition(), spot.segment(), size));
        }
    }

    /** Segments, each with how much of it the marks cover. */
    private List<Spot> covered(Marks marks) throws IOException {
        List<Spot> segments = new ArrayList<>();
        Mark mark = new Mark();
        for (long partition : marks.partitionIds()) {
            Path directory = DIRECTORY.resolve("partitions/" + partition);
            if (marks.load(partition, mark) && mark.durable.position > 0 && disk.exists(directory)) {
                for (String name : disk.list(directory)) {
                    long base = name.endsWith(".log") ? Long.parseLong(name.substring(0, name.indexOf('.'))) : -1;
                    if (base >= 0 && base <= mark.durable.segmentBaseIndex) {
                        int size = disk.contents(directory.resolve(name)).length;
                        long most =
                                base == mark.durable.segmentBaseIndex ? Math.min(mark.durable.position, size) : size;
                        if (most > 0) {
                            segments.add(new Spot(partition, base, most));
                        }
                    }
                }
            }
        }
        return segments;
    }

    /** What rots is found by a search in the background, which a crash may stop each time; not so from now on. */
    void searchOnceMore() {
        lastSearch = true;
        searchNs = 0;
    }

    /** Whether there may be damage that it has not seen to. */
    boolean isDamaged() {
        SteppedBroker running = broker;
        return !spots.isEmpty() && (!searched || running == null || running.offline() > 0);
    }

    private void search(SteppedBroker running) {
        if (!spots.isEmpty() && running.isServing() && time.nowNs() >= searchNs) {
            searched = lastSearch && searchNs > 0;
            searchNs = time.nowNs() + SEARCH_NS;
            spots.forEach(spot -> running.suspect(spot.partition(), spot.segment(), spot.position()));
        }
    }

    /** Of which partitions it holds something, by their names. */
    List<String> partitions() {
        try {
            Path directory = DIRECTORY.resolve("partitions");
            return disk.exists(directory) ? disk.list(directory) : List.of();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Shows what the disk holds of a partition. */
    void show(long partition, Checkpoints to) {
        to.look(disk, DIRECTORY.resolve("partitions").resolve(Long.toString(partition)));
    }

    void pause(long durationNs) {
        if (broker != null) {
            pausedUntilNs = Math.max(pausedUntilNs, time.nowNs() + durationNs);
            int now = life;
            time.schedule(durationNs, () -> resume(now));
        }
    }

    private void resume(int wanted) {
        if (!isUp(wanted) || isPaused()) {
            return;
        }
        for (Runnable next = held.poll(); next != null; next = held.poll()) {
            live(next);
        }
        poke(0);
    }

    /** No sync of its logs succeeds until it is started again. */
    void failSyncs() {
        if (broker != null && !isDead()) {
            failing = true;
            seen.failSyncs(path -> path.toString().endsWith(".log"));
        }
    }

    /** A sector of a log cannot be read until it is started again. */
    void failReads() {
        SteppedBroker running = serving();
        if (running == null || isDead()) {
            return;
        }
        try {
            Spot spot = somewhere();
            if (spot != null) {
                Path file = segment(spot);
                long sector = spot.position() / SECTOR * SECTOR;
                failing = true;
                seen.failReads(file::equals, sector, sector + SECTOR);
                if (random.nextBoolean()) {
                    running.suspect(spot.partition(), spot.segment(), spot.position());
                    poke(0);
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** How often it has met a sector that it cannot read. */
    int readErrors() {
        return readErrors + seen.readErrors();
    }

    boolean isFailing() {
        return failing;
    }

    /** Its disk has room for so many bytes more, and for a while not for another one; also when it is started again. */
    void fill(long roomBytes, long durationNs) {
        if (!isFull()) {
            fullSinceNs = time.nowNs();
            fullErrorsBefore = fullErrors();
        }
        fullUntilNs = Math.max(fullUntilNs, time.nowNs() + durationNs);
        seen.fullAfter(roomBytes);
        time.schedule(durationNs, () -> {
            if (!isFull()) {
                makeRoom();
            }
        });
    }

    /** What was refused meanwhile was to be tried again in a moment, and not in each turn. */
    void makeRoom() {
        long most = MOST_FULL_ERRORS + (time.nowNs() - fullSinceNs) / MS;
        if (fullErrors() - fullErrorsBefore > most) {
            throw new History.Violation("machine " + number + " has asked a full disk for room "
                    + (fullErrors() - fullErrorsBefore) + " times (expected: at most " + most + ")");
        }
        fullErrorsBefore = fullErrors();
        fullUntilNs = 0;
        seen.fullAfter(Long.MAX_VALUE);
    }

    private boolean isFull() {
        return fullUntilNs > time.nowNs();
    }

    /** How often it has found its disk full. */
    int fullErrors() {
        return fullErrors + seen.fullErrors();
    }

    /** Its wall clock jumps: so far off it is from now on. */
    void setClockOff(long ms) {
        clockOffMs = ms;
    }

    /** The disk takes nothing for a while. */
    void stall(long durationNs) {
        stalledUntilNs = Math.max(stalledUntilNs, time.nowNs() + durationNs);
    }

    // Time

    /** Something happens to the process of that life. */
    void run(int wanted, Runnable task) {
        if (!isUp(wanted)) {
            return;
        }
        if (isPaused()) {
            held.add(task);
            return;
        }
        live(task);
        poke(random.nextLong(50 * US));
    }

    private void poke(long inNs) {
        long atNs = time.nowNs() + inNs;
        if (broker == null || turnNs <= atNs) {
            return;
        }
        turnNs = atNs;
        int asked = ++turnNumber;
        time.schedule(inNs, () -> {
            if (asked == turnNumber) {
                turnNs = Long.MAX_VALUE;
                live(this::turn);
            }
        });
    }

    private void turn() {
        SteppedBroker running = broker;
        if (running == null || isPaused()) {
            return;
        }
        search(running);
        int work = 0;
        try {
            int turns = 0;
            for (int some = 1; some > 0 && turns < MOST_TURNS; turns++) {
                some = running.doWork();
                work += some;
            }
        } catch (IOException e) {
            if (isDead()) {
                return;
            }
            // It could not start within its time: whoever supervises it tries again.
            world.trace(e.getMessage());
            crash(false);
            time.schedule(START_AGAIN_NS, this::start);
            return;
        }
        if (broker != running || isDead()) {
            return;
        }
        world.trace(work);
        look(running);
        for (int i = clients.size() - 1; i >= 0; i--) {
            clients.get(i).drain();
        }
        if (!syncing && running.wantsSync()) {
            syncing = true;
            later(random.nextLong(50 * US, world.syncNs()), this::sync);
        }
        if (!filing && !files.isEmpty()) {
            filing = true;
            later(random.nextLong(20 * US, world.syncNs()), this::file);
        }
        long nextNs = running.nextInNs();
        inVain = work == 0 && nextNs < 10 * US ? inVain + 1 : 0;
        if (inVain > MOST_IN_VAIN) {
            throw new History.Violation("machine " + number + " takes turn after turn and has nothing to do");
        }
        poke(Math.max(10 * US, nextNs));
    }

    /** No copy has a reason to go offline but what has rotted, or a disk that fails. */
    private void look(SteppedBroker running) {
        running.look((partition, log, commit, leads) -> {
            try {
                if (log.offlineReason() == null) {
                    witness.look(partition, log, commit, leads);
                }
            } catch (StorageException e) {
                if (spots.isEmpty() && !failing) {
                    throw new AssertionError("machine " + number, e);
                }
            }
        });
        if (running.offline() > 0 && spots.isEmpty() && !failing) {
            throw new History.Violation("machine " + number + ": a copy is offline");
        }
    }

    /** A thread of this process, which waits for the disk. */
    private void later(long inNs, Runnable task) {
        int now = life;
        long atNs = Math.max(time.nowNs() + inNs, stalledUntilNs);
        time.schedule(atNs - time.nowNs(), () -> {
            if (isUp(now)) {
                long leftNs = Math.max(stalledUntilNs, pausedUntilNs) - time.nowNs();
                if (leftNs > 0) {
                    later(leftNs, task);
                } else {
                    live(task);
                    poke(random.nextLong(50 * US));
                }
            }
        });
    }

    private void sync() {
        syncing = false;
        SteppedBroker running = broker;
        if (running != null) {
            world.trace(running.sync());
        }
    }

    private void file() {
        filing = false;
        Runnable next = files.poll();
        if (next != null) {
            next.run();
        }
    }

    // Clients

    void connected(ClientLink link) {
        clients.add(link);
    }

    void left(ClientLink link) {
        clients.remove(link);
    }

    /** For a person. */
    @Override
    public String toString() {
        StringBuilder all = new StringBuilder("machine " + number + (broker == null ? " is down" : ""));
        SteppedBroker running = serving();
        if (running != null) {
            all.append(": node ")
                    .append(Objects.requireNonNull(running.metadata()).nodeId());
            running.look((partition, log, commit, leads) -> all.append(", partition ")
                    .append(partition)
                    .append(leads == Commits.NOBODY ? "" : " leads epoch " + leads)
                    .append(" commit ")
                    .append(commit)
                    .append(" durable ")
                    .append(log.durableIndex())
                    .append(" end ")
                    .append(log.endIndex())
                    .append(" last epoch ")
                    .append(log.lastEpoch()));
        }
        return all.toString();
    }
}
