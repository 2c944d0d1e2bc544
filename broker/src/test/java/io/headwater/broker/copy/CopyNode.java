package io.headwater.broker.copy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.headwater.broker.replica.ControllerMessage;
import io.headwater.broker.replica.Messages;
import io.headwater.broker.replica.Replica;
import io.headwater.broker.replica.ReplicaId;
import io.headwater.broker.replica.ReplicaMessage;
import io.headwater.broker.replica.ReplicaOwner;
import io.headwater.broker.replica.ReplicaPorts;
import io.headwater.broker.replica.ReplicaSettings;
import io.headwater.record.Compression;
import io.headwater.record.EventTimes;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordBatchBuilder;
import io.headwater.storage.CorruptLogException;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.Disk;
import io.headwater.storage.DiskFullException;
import io.headwater.storage.EntryRun;
import io.headwater.storage.LogLeavingException;
import io.headwater.storage.LogStart;
import io.headwater.storage.Mark;
import io.headwater.storage.PartitionLog;
import io.headwater.storage.ReplicaFlag;
import io.headwater.storage.SteppedDirectory;
import io.headwater.storage.testing.FaultyDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A node with one replica over a real log; it does one thing after the other, when it is told to. */
final class CopyNode implements Messages, ReplicaOwner {
    static final long PARTITION = 7;
    private static final ReplicaSettings SETTINGS = new ReplicaSettings(16 << 10, 4 << 10, 1_000, 5, 500);
    static final int PART_BYTES = 700;
    private static final byte[] CHECKPOINT = {1, 2, 3, 4, 5, 6};

    private final CopyWorld world;
    final int number;
    FaultyDisk disk;
    private final Disk beneath;
    private final Path path;
    private final ArrayDeque<Runnable> background = new ArrayDeque<>();
    private final ArrayDeque<Runnable> promiseWork = new ArrayDeque<>();
    private final ArrayDeque<Runnable> posted = new ArrayDeque<>();

    private @Nullable DataDirectory directory;
    private @Nullable PartitionLog log;
    private @Nullable CopyLog copy;
    private @Nullable Replica replica;
    private PromiseKeeper keeper;
    private long incarnation;
    private long durableTold;
    private int written;
    int epochLed;
    long copyFrom = -1;
    private long copyUntil;
    private boolean copyGoesOn;
    private @Nullable SegmentCopy filling;
    SegmentTraffic segments = new SegmentTraffic(1 << 30);

    @Nullable
    String halted;

    int full;
    private int life;

    CopyNode(CopyWorld world, int number, Path path, Disk disk) {
        this.world = world;
        this.number = number;
        this.path = path;
        this.beneath = disk;
        this.disk = new FaultyDisk(disk);
        start();
    }

    private static <T> T up(@Nullable T part) {
        if (part == null) {
            throw new AssertionError("the node is down");
        }
        return part;
    }

    /** Its process has died with its view of the disk. */
    void reborn() {
        disk = new FaultyDisk(beneath);
        halted = null;
    }

    boolean isUp() {
        return directory != null;
    }

    Replica replica() {
        return up(replica);
    }

    CopyLog copy() {
        return up(copy);
    }

    PartitionLog log() {
        return up(log);
    }

    DataDirectory directory() {
        return up(directory);
    }

    ReplicaId id() {
        return new ReplicaId(number, new UUID(0, 1));
    }

    long incarnation() {
        return incarnation;
    }

    void start() {
        try {
            DataDirectory opened = SteppedDirectory.open(path, disk, () -> world.nowMs, background::add);
            directory = opened;
            incarnation = ++world.incarnations;
            keeper = new PromiseKeeper(opened.marks(), promiseWork::add);
            open(opened);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void open(DataDirectory opened) {
        try {
            PartitionLog openedLog = opened.log(PARTITION);
            openedLog.checkpointSource(() -> ByteBuffer.wrap(CHECKPOINT));
            log = openedLog;
            CopyLog openedCopy = new CopyLog(openedLog, opened.marks(), () -> world.nowMs);
            copy = openedCopy;
            int then = ++life;
            CopyPromises promises = new CopyPromises(
                    keeper,
                    PARTITION,
                    work -> posted.add(() -> {
                        if (isUp() && life == then) {
                            work.run();
                        }
                    }),
                    epoch -> replica().onPromiseDurable(epoch),
                    lost -> replica().halt(lost.toString()));
            replica = new Replica(
                    openedCopy.start(id(), incarnation, life),
                    new ReplicaPorts(openedCopy, promises, this, this),
                    SETTINGS);
            durableTold = openedCopy.durableIndex();
            epochLed = 0;
            copyFrom = -1;
            endFilling();
            openedCopy.mayCopy(world.segments);
            world.tell(this);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A bit flips; false: in nothing that matters. Its owner does what owners do. */
    boolean rots(Path segment, long position) {
        long base = Long.parseLong(segment.getFileName().toString().substring(0, 20));
        try {
            log().recheck(base, position);
            return false;
        } catch (CorruptLogException damage) {
            DataDirectory still = directory();
            work(background);
            heal(still, damage);
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void heal(DataDirectory still, CorruptLogException damage) {
        try {
            assertThrows(LogLeavingException.class, () -> still.forfeit(PARTITION, damage));
            work(background);
            posted.clear();
            still.forfeit(PARTITION, damage);
            open(still);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether it may lack what it has acknowledged. */
    boolean isSuspect() {
        return lacksTail() || has(ReplicaFlag.SUSPECT);
    }

    boolean lacksTail() {
        return has(ReplicaFlag.LOST_TAIL);
    }

    private boolean has(ReplicaFlag flag) {
        Mark mark = new Mark();
        return directory().marks().load(PARTITION, mark) && mark.has(flag);
    }

    /** In order. */
    void stop() {
        work(background);
        try {
            directory().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        vanish();
    }

    /** The process ends as it is; the disk is the caller's business. */
    void vanish() {
        endFilling();
        directory = null;
        replica = null;
        background.clear();
        promiseWork.clear();
        posted.clear();
    }

    /** What goes wrong in a call is what an owner would do about it. */
    void call(Runnable call) {
        try {
            call.run();
        } catch (CopyFailedException e) {
            if (e.isFull()) {
                full++;
            } else {
                replica().halt(e.toString());
            }
        }
    }

    /** Segments, or waits for room for them. */
    boolean isFilling() {
        return filling != null;
    }

    /** One turn of the owner, and what others do meanwhile; whether there was anything to do. */
    boolean turn() {
        call(() -> copy().flush());
        boolean busy = work(posted);
        if (!world.slow.getAsBoolean()) {
            busy |= directory().groupCommit().doWork() > 0;
            busy |= work(background) | work(promiseWork);
        }
        if (durableTold != copy().durableIndex()) {
            durableTold = copy().durableIndex();
            call(() -> replica().onDurable());
            busy = true;
        }
        if (copyFrom >= 0) {
            busy |= world.copy(this);
        }
        SegmentCopy running = filling;
        if (running != null) {
            running.step(world.nowMs);
            busy |= !posted.isEmpty() || !background.isEmpty();
        }
        return busy;
    }

    private static boolean work(ArrayDeque<Runnable> queue) {
        boolean any = !queue.isEmpty();
        for (Runnable next = queue.poll(); next != null; next = queue.poll()) {
            next.run();
        }
        return any;
    }

    void tick() {
        keeper.retry();
        call(() -> replica().tick(world.nowMs));
    }

    /** As leader; false if it may not. */
    boolean write(int bytes) {
        if (!replica().acceptsAppends()) {
            return false;
        }
        call(() -> {
            replica().beforeAppend();
            String value = number + "-" + epochLed + "-" + written++ + "-";
            RecordBatch batch = batch(value + "x".repeat(bytes));
            try {
                EventTimes times = new EventTimes();
                log().appendData(batch, batch.eventTimes(times), epochLed, world.nowMs);
                copy().flush();
            } catch (DiskFullException e) {
                full++;
            } catch (IOException | InvalidBatchException e) {
                throw new AssertionError(e);
            }
            replica().onAppended();
        });
        return true;
    }

    private RecordBatch batch(String value) {
        ByteBuffer target = ByteBuffer.allocate(200 + 2 * value.length());
        RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE).reset(target);
        builder.append(world.nowMs, null, value.getBytes(StandardCharsets.UTF_8), List.of());
        builder.append(world.nowMs, null, new byte[] {1}, List.of());
        builder.finish(-1, (short) -1, -1);
        try {
            return new RecordBatch().wrap(target, 0);
        } catch (InvalidBatchException e) {
            throw new AssertionError(e);
        }
    }

    /** The bytes of each retained entry, by the index of the first one that it takes. */
    TreeMap<Long, ByteBuffer> entries() {
        TreeMap<Long, ByteBuffer> entries = new TreeMap<>();
        try {
            log().flush();
            for (long at = log().startIndex(); at < log().endIndex(); ) {
                try (EntryRun run = log().readEntries(at, log().endIndex(), 1)) {
                    assertEquals(at, run.baseIndex());
                    ByteBuffer bytes = ByteBuffer.allocate(run.bytes().sizeInBytes());
                    run.bytes().copyTo(bytes);
                    entries.put(at, bytes.flip());
                    at = run.nextIndex();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return entries;
    }

    /** Names of the segments, oldest first; the last one is open. */
    List<Path> segments() {
        Path partition = path.resolve("partitions/" + PARTITION);
        try {
            return disk.list(partition).stream()
                    .filter(name -> name.endsWith(".log"))
                    .sorted()
                    .map(partition::resolve)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void send(int node, ReplicaMessage message) {
        world.send(this, node, message);
    }

    @Override
    public void answer(int controllerNode, ControllerMessage.SealReport report) {
        world.reports.add(report);
    }

    @Override
    public void tellController(ControllerMessage message) {
        world.told.add(message);
    }

    @Override
    public void leads(int epoch) {
        endFilling();
        epochLed = epoch;
        copy().lead(epoch);
    }

    @Override
    public void stopsLeading(int epoch) {
        epochLed = 0;
        copy().follow();
    }

    @Override
    public void committed(long endIndex) {
        copy().committed(endIndex);
        world.committed(this, endIndex);
    }

    @Override
    public void mustCopy(long fromIndex, long untilIndex, boolean goesOn) {
        copyFrom = fromIndex;
        copyUntil = untilIndex;
        copyGoesOn = goesOn;
    }

    /** Begins anew, if it has to, and is filled with segments. */
    void copy(LogStart start) {
        copyFrom = -1;
        call(() -> {
            if (!copyGoesOn) {
                beginAt(start);
            }
            int then = life;
            filling = new SegmentCopy(
                    copy(),
                    PARTITION,
                    copyUntil,
                    new SegmentGiver(segments, background::add, PART_BYTES),
                    new SegmentCopy.Ports() {
                        @Override
                        public int source() {
                            return world.source(CopyNode.this);
                        }

                        @Override
                        public void ask(int node, SegmentQuestion question, Consumer<SegmentAnswer> back) {
                            world.ask(CopyNode.this, node, question, back);
                        }

                        @Override
                        public void soon(Runnable work) {
                            posted.add(() -> {
                                if (isUp() && life == then && filling != null) {
                                    call(work);
                                }
                            });
                        }

                        @Override
                        public void ended(boolean more) {
                            filling = null;
                            copy().mayCopy(more && world.segments);
                            replica().onCopied(copy().committed());
                        }
                    });
        });
    }

    private void beginAt(LogStart start) {
        try {
            copy().beginAt(start);
        } catch (CopyFailedException e) {
            replica().onNotCopied();
            throw e;
        }
    }

    /** What another node wants. */
    void asked(SegmentQuestion question, Consumer<SegmentAnswer> back) {
        new SegmentGiver(segments, background::add, PART_BYTES).answer(copy(), question, world.nowMs, back);
    }

    private void endFilling() {
        SegmentCopy ending = filling;
        filling = null;
        if (ending != null) {
            ending.stop();
        }
    }

    @Override
    public void mustBeginAnew() {
        throw new AssertionError("nobody recovers anything by hand");
    }

    @Override
    public boolean mayCountWritten() {
        return copy().mayCountWritten();
    }

    @Override
    public void wholeAgain() {
        copy().wholeAgain();
    }

    @Override
    public void halted(String reason) {
        halted = reason;
    }
}
