package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import io.headwater.storage.testing.FaultyDisk;
import io.headwater.storage.testing.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GroupCommitTest {
    private static final Path DIRECTORY = Path.of("/data");
    private static final int WAKES = Integer.getInteger("headwater.wakes", 3_000);

    private final MemoryDisk memory = new MemoryDisk();
    private final FaultyDisk disk = new FaultyDisk(memory);
    private final Told told = new Told();
    private final SettableClock clock = new SettableClock();
    private Marks marks = formatted();

    private Marks formatted() {
        memory.createDirectories(DIRECTORY);
        try {
            return Marks.create(disk, DIRECTORY, new UUID(1, 2));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private GroupCommit driven() {
        return new GroupCommit(SyncMode.EVERY_COMMIT, marks, told, clock);
    }

    private static final class SettableClock implements NanoClock {
        private final AtomicLong nowNs = new AtomicLong();

        @Override
        public long nanoTime() {
            return nowNs.get();
        }
    }

    /** Writes down what it hears. */
    private static class Told implements DurabilityListener {
        final List<String> events = new ArrayList<>();

        @Override
        public void durable(long partitionId, long endIndex, long endOffset) {
            events.add(partitionId + " durable " + endIndex + "/" + endOffset);
        }

        @Override
        public void failed(long partitionId, Throwable cause) {
            events.add(partitionId + " failed: " + cause.getMessage());
        }

        @Override
        public void cycleEnded() {
            events.add("ended");
        }

        List<String> take() {
            List<String> taken = List.copyOf(events);
            events.clear();
            return taken;
        }
    }

    /** A log of one-byte entries. */
    private class SmallLog implements Syncable {
        final long id;
        final DiskFile file;
        final GroupCommit.Member member;
        private final AtomicLong written = new AtomicLong();
        volatile long synced;
        volatile @Nullable IOException failure;
        int syncs;

        SmallLog(GroupCommit groupCommit, long id) throws IOException {
            this.id = id;
            marks.register(id);
            file = disk.open(DIRECTORY.resolve(id + ".log"), Disk.Mode.CREATE_NEW);
            disk.syncDirectory(DIRECTORY);
            member = groupCommit.enlist(this);
        }

        void append(int entries) throws IOException {
            file.write(ByteBuffer.wrap(new byte[entries]), written.get());
            written.addAndGet(entries);
            member.submit();
        }

        @Override
        public long partitionId() {
            return id;
        }

        @Override
        public void written(SyncPoint into) {
            long end = written.get();
            into.set(end, end * 10, 0, end);
        }

        @Override
        public void sync() throws IOException {
            syncs++;
            file.sync();
        }

        @Override
        public void synced(SyncPoint point) {
            assertTrue(point.endIndex >= synced, "ends never go back");
            synced = point.endIndex;
        }

        @Override
        public void failed(IOException cause) {
            failure = cause;
        }
    }

    @Test
    void tellsOfAllThatWasWrittenInTheOrderOfSubmissionAndEndsTheCycleOnce() throws IOException {
        GroupCommit groupCommit = driven();
        SmallLog one = new SmallLog(groupCommit, 1);
        SmallLog two = new SmallLog(groupCommit, 2);
        two.append(3);
        one.append(1);
        two.append(2);

        assertEquals(2, groupCommit.doWork());
        assertEquals(List.of("2 durable 5/50", "1 durable 1/10", "ended"), told.take());
        assertEquals(0, groupCommit.doWork(), "nothing is dirty");
        assertEquals(List.of(), told.take());
        assertEquals(1, two.syncs, "one sync for two submissions");
        memory.powerCut();
        assertEquals(5, memory.contents(DIRECTORY.resolve("2.log")).length);
    }

    @Test
    void doesNotAcknowledgeWhatIsWrittenWhileTheSyncRuns() throws IOException {
        GroupCommit groupCommit = driven();
        SmallLog[] log = new SmallLog[1];
        log[0] = new SmallLog(groupCommit, 1) {
            @Override
            public void sync() throws IOException {
                super.sync();
                if (syncs == 1) {
                    append(5);
                }
            }
        };
        log[0].append(1);

        groupCommit.doWork();
        assertEquals(List.of("1 durable 1/10", "ended"), told.take());
        groupCommit.doWork();
        assertEquals(List.of("1 durable 6/60", "ended"), told.take());
    }

    @Test
    void neverSyncsOrAcknowledgesALogAgainWhoseSyncFailed() throws IOException {
        GroupCommit groupCommit = driven();
        SmallLog bad = new SmallLog(groupCommit, 1);
        SmallLog good = new SmallLog(groupCommit, 2);
        disk.failSyncs(1, path -> path.endsWith("1.log"));
        bad.append(1);
        good.append(1);
        groupCommit.doWork();
        assertEquals(
                List.of("1 failed: /data/1.log: Input/output error (sync)", "2 durable 1/10", "ended"), told.take());
        assertTrue(bad.failure != null && bad.synced == 0);

        bad.append(1);
        good.append(1);
        groupCommit.doWork();
        assertEquals(List.of("2 durable 2/20", "ended"), told.take(), "the disk is well again, the log is not");
        assertEquals(1, bad.syncs);
        Mark mark = new Mark();
        assertTrue(marks.load(1, mark));
        assertEquals(0, mark.durable.endIndex);
    }

    @Test
    void takesBackCleanBeforeItAcknowledgesAndOnlyOnce() throws IOException {
        GroupCommit groupCommit = driven();
        SmallLog log = new SmallLog(groupCommit, 1);
        marks.clean(1, new SyncPoint());
        marks.sync();
        log.append(1);
        groupCommit.doWork();
        assertEquals(List.of("1 durable 1/10", "ended"), told.take());

        memory.powerCut();
        Mark mark = new Mark();
        assertTrue(Marks.open(memory, DIRECTORY).load(1, mark));
        assertFalse(mark.clean, "an acknowledged entry stands behind the mark");
    }

    @Test
    void failsTheLogsWhenTheMarksCannotTakeBackClean() throws IOException {
        GroupCommit groupCommit = driven();
        SmallLog log = new SmallLog(groupCommit, 1);
        marks.clean(1, new SyncPoint());
        marks.sync();
        disk.failSyncs(path -> path.toString().contains("marks"));
        log.append(1);
        groupCommit.doWork();
        assertEquals(2, told.events.size());
        assertTrue(told.take().get(0).startsWith("1 failed"));
    }

    @Test
    void carriesMarksBehindTheCycleAndSyncsThemAtMostEveryTenMilliseconds() throws IOException {
        GroupCommit groupCommit = driven();
        SmallLog log = new SmallLog(groupCommit, 1);
        int before = disk.syncs();
        for (int i = 1; i <= 5; i++) {
            log.append(1);
            groupCommit.doWork();
        }
        assertEquals(before + 5, disk.syncs(), "one sync per cycle");
        memory.kill();
        Mark mark = new Mark();
        assertTrue(Marks.open(memory, DIRECTORY).load(1, mark));
        assertEquals(5, mark.durable.endIndex, "a killed process leaves exact marks");

        marks = Marks.open(disk, DIRECTORY);
        GroupCommit next = driven();
        SmallLog other = new SmallLog(next, 2);
        clock.nowNs.addAndGet(10_000_000);
        before = disk.syncs();
        other.append(7);
        next.doWork();
        assertEquals(before + 2, disk.syncs(), "the log and the marks");
        memory.powerCut();
        assertTrue(Marks.open(memory, DIRECTORY).load(2, mark));
        assertEquals(7, mark.durable.endIndex);
    }

    @Test
    void goesOnAcknowledgingWhenOnlyTheDurableMarksCannotBeWritten() throws IOException {
        GroupCommit groupCommit = driven();
        SmallLog log = new SmallLog(groupCommit, 1);
        disk.failSyncs(path -> path.toString().contains("marks"));
        clock.nowNs.addAndGet(10_000_000);
        log.append(1);
        groupCommit.doWork();
        log.append(1);
        groupCommit.doWork();
        assertEquals(List.of("1 durable 1/10", "ended", "1 durable 2/20", "ended"), told.take());

        disk.heal();
        clock.nowNs.addAndGet(1_000_000_000);
        log.append(1);
        groupCommit.doWork();
        memory.powerCut();
        Mark mark = new Mark();
        assertTrue(Marks.open(memory, DIRECTORY).load(1, mark));
        assertEquals(3, mark.durable.endIndex, "the marks have caught up");
    }

    @Test
    void doesNotTouchALogThatWasWithdrawn() throws IOException {
        GroupCommit groupCommit = driven();
        SmallLog log = new SmallLog(groupCommit, 1);
        log.append(1);
        log.member.withdraw();
        assertEquals(0, groupCommit.doWork());
        assertEquals(0, log.syncs);
        assertEquals(List.of("ended"), told.take());
        log.append(1);
        groupCommit.doWork();
        assertEquals(0, log.syncs);
    }

    @Test
    void syncsNothingInTheModeThatIsTheControl() throws IOException {
        GroupCommit groupCommit = new GroupCommit(SyncMode.OFF, marks, told, clock);
        SmallLog log = new SmallLog(groupCommit, 1);
        log.append(4);
        groupCommit.doWork();
        assertEquals(List.of("1 durable 4/40", "ended"), told.take());
        assertEquals(0, log.syncs);
        memory.powerCut();
        assertEquals(0, memory.contents(DIRECTORY.resolve("1.log")).length, "acknowledged and lost");
    }

    @Test
    void losesNothingAcknowledgedInAPowerCut() {
        Seeds.run(200, random -> assertEquals(0, acknowledgedAndLost(random, SyncMode.EVERY_COMMIT)));
    }

    @Test
    void losesAcknowledgedEntriesInAPowerCutWhenSyncingIsOff() {
        AtomicInteger lost = new AtomicInteger();
        Seeds.run(50, random -> lost.addAndGet(acknowledgedAndLost(random, SyncMode.OFF)));
        assertTrue(lost.get() > 0, "the test above can fail");
    }

    private int acknowledgedAndLost(SplittableRandom random, SyncMode mode) throws IOException {
        GroupCommitTest world = new GroupCommitTest();
        GroupCommit groupCommit = new GroupCommit(mode, world.marks, world.told, world.clock);
        List<SmallLog> logs = new ArrayList<>();
        for (int id = 0; id < 4; id++) {
            logs.add(world.new SmallLog(groupCommit, id));
        }
        for (int step = random.nextInt(100); step > 0; step--) {
            SmallLog log = logs.get(random.nextInt(4));
            switch (random.nextInt(10)) {
                case 0, 1, 2 -> groupCommit.doWork();
                case 3 -> world.clock.nowNs.addAndGet(random.nextInt(20_000_000));
                case 4 -> world.disk.failSyncs(1, path -> path.endsWith(log.id + ".log"));
                default -> log.append(1 + random.nextInt(2000));
            }
        }
        world.memory.powerCut(random);
        int lost = 0;
        Marks reopened = Marks.open(world.memory, DIRECTORY);
        Mark mark = new Mark();
        for (SmallLog log : logs) {
            int survived = world.memory.contents(DIRECTORY.resolve(log.id + ".log")).length;
            lost += survived < log.synced ? 1 : 0;
            assertTrue(reopened.load(log.id, mark));
            assertTrue(mode == SyncMode.OFF || mark.durable.endIndex <= survived, "a mark must not run ahead");
        }
        return lost;
    }

    @Test
    void failsEveryLogInsteadOfHangingWhenAListenerThrows() throws IOException {
        List<String> events = new ArrayList<>();
        Told throwing = new Told() {
            @Override
            public void durable(long partitionId, long endIndex, long endOffset) {
                throw new IllegalStateException("a broken listener");
            }
        };
        GroupCommit groupCommit = new GroupCommit(SyncMode.EVERY_COMMIT, marks, throwing, clock);
        SmallLog one = new SmallLog(groupCommit, 1);
        SmallLog two = new SmallLog(groupCommit, 2);
        one.append(1);
        two.append(1);
        groupCommit.doWork();
        events.addAll(throwing.take());
        assertEquals(List.of("2 failed: a broken listener", "ended"), events);
        one.append(1);
        groupCommit.doWork();
        assertEquals(List.of("1 failed: a broken listener", "ended"), throwing.take());
    }

    @Test
    void acknowledgesEverythingThatManyOwnersSubmitToTheThread() throws Exception {
        for (int helpers : new int[] {0, 3}) {
            GroupCommitTest world = new GroupCommitTest();
            hammer(world, helpers);
        }
    }

    private static void hammer(GroupCommitTest world, int helpers) throws Exception {
        int owners = 4;
        int logsPerOwner = 6;
        int rounds = 300;
        CountDownLatch allDurable = new CountDownLatch(owners * logsPerOwner);
        DurabilityListener listener = new DurabilityListener() {
            @Override
            public void durable(long partitionId, long endIndex, long endOffset) {
                if (endIndex == rounds) {
                    allDurable.countDown();
                }
            }

            @Override
            public void failed(long partitionId, Throwable cause) {
                throw new AssertionError(cause);
            }

            @Override
            public void cycleEnded() {}
        };
        GroupCommit groupCommit =
                new GroupCommit(SyncMode.EVERY_COMMIT, world.marks, listener, SystemNanoClock.INSTANCE, helpers);
        groupCommit.start("sync-under-test");
        List<Thread> threads = new ArrayList<>();
        for (int owner = 0; owner < owners; owner++) {
            List<SmallLog> logs = new ArrayList<>();
            for (int i = 0; i < logsPerOwner; i++) {
                logs.add(world.new SmallLog(groupCommit, owner * 100L + i));
            }
            SplittableRandom random = new SplittableRandom(owner);
            Thread thread = new Thread(() -> appendToAll(logs, rounds, random));
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        allDurable.await();
        groupCommit.close();
        assertTrue(groupCommit.cycleTimes().count() > 0);
        world.marks.close();
        world.memory.powerCut();
        assertEquals(rounds, world.memory.contents(DIRECTORY.resolve("305.log")).length);
        Mark mark = new Mark();
        assertTrue(Marks.open(world.memory, DIRECTORY).load(305, mark));
        assertEquals(rounds, mark.durable.endIndex);
    }

    private static void appendToAll(List<SmallLog> logs, int rounds, SplittableRandom random) {
        try {
            for (int round = 0; round < rounds; round++) {
                for (SmallLog log : logs) {
                    log.append(1);
                }
                for (int spins = random.nextInt(2000); spins > 0; spins--) {
                    Thread.onSpinWait();
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Several owners submit about when the thread is going to park, and nothing follows that would wake it instead. */
    @Test
    @Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void wakesForTheLastSubmissionToo() throws Exception {
        int owners = 3;
        Semaphore durable = new Semaphore(0);
        DurabilityListener listener = new DurabilityListener() {
            @Override
            public void durable(long partitionId, long endIndex, long endOffset) {
                durable.release();
            }

            @Override
            public void failed(long partitionId, Throwable cause) {
                throw new AssertionError(cause);
            }

            @Override
            public void cycleEnded() {}
        };
        GroupCommit groupCommit = new GroupCommit(SyncMode.EVERY_COMMIT, marks, listener, SystemNanoClock.INSTANCE);
        groupCommit.start("sync-under-test");
        CyclicBarrier together = new CyclicBarrier(owners + 1);
        List<Thread> threads = new ArrayList<>();
        for (int owner = 0; owner < owners; owner++) {
            SmallLog log = new SmallLog(groupCommit, owner);
            SplittableRandom random = new SplittableRandom(owner);
            Thread thread = new Thread(() -> {
                for (int round = 0; round < WAKES; round++) {
                    submitOnce(log, together, random);
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (int round = 0; round < WAKES; round++) {
            together.await();
            // Each owner's submission is covered by a cycle of its own or by one that names it together with others.
            assertTrue(durable.tryAcquire(owners, 10, TimeUnit.SECONDS), "slept through a submission");
        }
        for (Thread thread : threads) {
            thread.join();
        }
        groupCommit.close();
    }

    @Test
    void wakesForACommitMarkAlthoughNothingIsSubmitted() throws Exception {
        marks.register(7);
        marks.durable(7, new SyncPoint().set(10, 10, 0, 640));
        marks.sync();
        GroupCommit groupCommit = new GroupCommit(SyncMode.EVERY_COMMIT, marks, told, SystemNanoClock.INSTANCE);
        groupCommit.start("to-be-woken");
        Thread syncing = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("to-be-woken"))
                .findAny()
                .orElseThrow();
        while (syncing.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        disk.stallSyncs();
        marks.committed(7, 5);
        groupCommit.marksMoved();
        disk.awaitStalled();
        disk.resume();
        groupCommit.close();
        memory.powerCut();
        Mark mark = new Mark();
        assertTrue(Marks.open(memory, DIRECTORY).load(7, mark));
        assertEquals(5, mark.commitIndex);
    }

    private static void submitOnce(SmallLog log, CyclicBarrier together, SplittableRandom random) {
        try {
            together.await(60, TimeUnit.SECONDS);
            for (int spins = random.nextInt(3000); spins > 0; spins--) {
                Thread.onSpinWait();
            }
            log.append(1);
        } catch (IOException | InterruptedException | BrokenBarrierException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void syncsTheMarksBeforeItIdles() throws IOException {
        GroupCommit groupCommit = new GroupCommit(SyncMode.EVERY_COMMIT, marks, told, SystemNanoClock.INSTANCE);
        SmallLog log = new SmallLog(groupCommit, 1);
        int before = disk.syncs();
        groupCommit.start("sync-under-test");
        log.append(9);
        while (disk.syncs() < before + 2) {
            Thread.onSpinWait();
        }
        groupCommit.close();
        assertEquals(before + 2, disk.syncs(), "the log and the marks, and then nothing");
        memory.powerCut();
        Mark mark = new Mark();
        assertTrue(Marks.open(memory, DIRECTORY).load(1, mark));
        assertEquals(9, mark.durable.endIndex);
    }

    @Test
    void waitsForItsHelpersBeforeItAcknowledges() throws Exception {
        GroupCommit groupCommit = new GroupCommit(SyncMode.EVERY_COMMIT, marks, told, clock, 3);
        Thread leader = Thread.currentThread();
        CountDownLatch helping = new CountDownLatch(1);
        CountDownLatch leaderWaits = new CountDownLatch(1);
        AtomicInteger toldTooEarly = new AtomicInteger();
        for (int id = 0; id < 12; id++) {
            new SmallLog(groupCommit, id) {
                private volatile boolean done;

                @Override
                public void sync() throws IOException {
                    if (Thread.currentThread() == leader) {
                        await(helping);
                    } else {
                        helping.countDown();
                        await(leaderWaits);
                    }
                    super.sync();
                    done = true;
                }

                @Override
                public void synced(SyncPoint point) {
                    toldTooEarly.addAndGet(done ? 0 : 1);
                }
            }.append(1);
        }
        Thread watcher = new Thread(() -> {
            await(helping);
            while (helping.getCount() > 0 || !isParkedBy(leader, "SyncCrew")) {
                Thread.onSpinWait();
            }
            leaderWaits.countDown();
        });
        watcher.setDaemon(true);
        watcher.start();
        groupCommit.doWork();
        assertEquals(0, toldTooEarly.get());
        watcher.join();
        groupCommit.close();
    }

    @Test
    void goesOnWithoutHelpersThatTheSystemRefuses() throws IOException {
        GroupCommit groupCommit = driven();
        List<Thread> started = new ArrayList<>();
        SyncCrew crew = new SyncCrew(3, helper -> {
            if (!started.isEmpty()) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            started.add(helper);
            helper.start();
        });
        AtomicInteger inAll = new AtomicInteger();
        GroupCommit.Member[] members = new GroupCommit.Member[12];
        for (int id = 0; id < members.length; id++) {
            members[id] = new SmallLog(groupCommit, id) {
                @Override
                public void sync() {
                    inAll.incrementAndGet();
                }
            }.member;
        }
        for (int cycle = 1; cycle <= 3; cycle++) {
            crew.sync(members, members.length);
            assertEquals(cycle * members.length, inAll.get());
        }
        crew.close();
    }

    /** A log whose first syncs find no descriptor. */
    private final class StarvedLog extends SmallLog {
        final CountDownLatch durable = new CountDownLatch(1);
        private final int refusals;

        StarvedLog(GroupCommit groupCommit, int refusals) throws IOException {
            super(groupCommit, 1);
            this.refusals = refusals;
        }

        @Override
        public void sync() throws IOException {
            if (syncs++ < refusals) {
                throw new IOException("/data: Too many open files");
            }
            file.sync();
        }

        @Override
        public void synced(SyncPoint point) {
            super.synced(point);
            durable.countDown();
        }
    }

    @Test
    void triesAgainWhereASyncFoundNoDescriptor() throws IOException {
        GroupCommit groupCommit = driven();
        StarvedLog log = new StarvedLog(groupCommit, 1);
        log.append(1);
        groupCommit.doWork();
        assertEquals(List.of("ended"), told.take());
        assertEquals(0, groupCommit.doWork(), "too early");
        clock.nowNs.addAndGet(GroupCommit.AGAIN_AFTER_NS);
        groupCommit.doWork();
        assertEquals(List.of("1 durable 1/10", "ended"), told.take());
    }

    @Test
    void triesAgainByItselfWhereASyncFoundNoDescriptor() throws Exception {
        GroupCommit groupCommit = new GroupCommit(SyncMode.EVERY_COMMIT, marks, told, SystemNanoClock.INSTANCE);
        StarvedLog log = new StarvedLog(groupCommit, 2);
        groupCommit.start("sync-under-test");
        log.append(1);
        await(log.durable);
        groupCommit.close();
        assertEquals(3, log.syncs);
    }

    @Test
    void failsWhatStillFindsNoDescriptorWhenItCloses() throws IOException {
        for (boolean threaded : new boolean[] {false, true}) {
            GroupCommitTest world = new GroupCommitTest();
            GroupCommit groupCommit = world.driven();
            StarvedLog log = world.new StarvedLog(groupCommit, Integer.MAX_VALUE);
            if (threaded) {
                groupCommit.start("sync-under-test");
            }
            log.append(1);
            groupCommit.close();
            assertTrue(log.failure != null);
        }
    }

    @Test
    void leavesNobodyWaitingWhenItBreaksBeforeTheSync() throws IOException {
        GroupCommit groupCommit = driven();
        AtomicInteger calls = new AtomicInteger(1);
        SmallLog breaks = new SmallLog(groupCommit, 1) {
            @Override
            public long partitionId() {
                if (calls.getAndIncrement() == 0) {
                    throw new IllegalStateException("broken");
                }
                return super.partitionId();
            }
        };
        SmallLog other = new SmallLog(groupCommit, 2);
        breaks.append(1);
        other.append(1);
        calls.set(0);
        groupCommit.doWork();
        assertEquals(List.of("1 failed: broken", "2 failed: broken", "ended"), told.take());
        assertEquals(0, breaks.synced + other.synced);
    }

    /** Whether a thread is parked by a class, directly. */
    private static boolean isParkedBy(Thread thread, String className) {
        StackTraceElement[] frames = thread.getStackTrace();
        for (int i = 1; i < frames.length; i++) {
            if (frames[i - 1].getMethodName().equals("park")
                    && frames[i - 1].getClassName().endsWith("LockSupport")) {
                return frames[i].getClassName().endsWith(className);
            }
        }
        return false;
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void commitsWhatWasSubmittedBeforeItCloses() throws IOException {
        for (boolean threaded : new boolean[] {false, true}) {
            GroupCommitTest world = new GroupCommitTest();
            GroupCommit groupCommit = world.driven();
            SmallLog log = world.new SmallLog(groupCommit, 1);
            if (threaded) {
                groupCommit.start("sync-under-test");
                assertThrows(IllegalStateException.class, () -> groupCommit.start("twice"));
            }
            log.append(9);
            groupCommit.close();
            assertEquals(9, log.synced);
        }
    }

    @Test
    void waitsInWithdrawUntilARunningSyncHasReturned() throws Exception {
        GroupCommit groupCommit = driven();
        SmallLog log = new SmallLog(groupCommit, 1);
        disk.stallSyncs();
        groupCommit.start("sync-under-test");
        log.append(1);
        disk.awaitStalled();
        CountDownLatch withdrawn = new CountDownLatch(1);
        Thread owner = new Thread(() -> {
            log.member.withdraw();
            withdrawn.countDown();
        });
        owner.start();
        while (owner.getState() != Thread.State.BLOCKED) {
            Thread.onSpinWait();
        }
        assertEquals(1, withdrawn.getCount(), "the sync still uses the file");
        disk.resume();
        withdrawn.await();
        log.file.close();
        groupCommit.close();
        assertEquals(null, log.failure);
    }
}
