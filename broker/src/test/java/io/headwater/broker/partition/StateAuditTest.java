package io.headwater.broker.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.QueueGroupInfo;
import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.QueueOps;
import io.headwater.broker.queue.QueuePolicy;
import io.headwater.broker.queue.Receiver;
import io.headwater.broker.queue.RecordState;
import io.headwater.broker.queue.Settle;
import io.headwater.broker.queue.Verb;
import io.headwater.protocol.wire.CommitPosition;
import io.headwater.record.Compression;
import io.headwater.record.ControlPayload;
import io.headwater.record.EntryKind;
import io.headwater.record.Envelope;
import io.headwater.record.EventTimes;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordBatchBuilder;
import io.headwater.record.RecordCursor;
import io.headwater.record.RecordHeader;
import io.headwater.record.testing.Seeds;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.LogVerifier;
import io.headwater.storage.LogVerifier.Finding;
import io.headwater.storage.SteppedDirectory;
import io.headwater.storage.testing.MemoryDisk;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a partition writes as derived is what its log leads to, whatever it did; and where it is not, that is found. */
class StateAuditTest {
    private static final PartitionInfo INFO = new PartitionInfo(1, 1, "jobs", 0, 1);
    private static final Path PATH = Path.of("/data");
    private static final int STREAM_GROUP = 9;
    private static final QueueGroupInfo PLAIN = new QueueGroupInfo(1, "plain", QueuePolicy.PLAIN, 30_000, 0);
    private static final QueueGroupInfo KEYED = new QueueGroupInfo(2, "keyed", QueuePolicy.KEYED, 30_000, 0);
    private static final QueueGroupInfo LATER = new QueueGroupInfo(3, "later", QueuePolicy.PLAIN, 30_000, 0);
    private static final int STEPS = 600;

    /** A partition and all that is done with it. */
    private static final class Life {
        private final SplittableRandom random;
        private final MemoryDisk disk = new MemoryDisk();
        private final int[] sequences = new int[5];
        private long nowMs = 1_800_000_000_000L;
        /** The clock on the wall is set now and then. */
        private long clockOffMs;

        private List<QueueGroupInfo> groups = List.of(PLAIN, KEYED);
        private int epoch;
        private DataDirectory data;
        private Partition partition;

        Life(SplittableRandom random) throws Exception {
            this.random = random;
            open();
        }

        private void open() throws Exception {
            data = SteppedDirectory.open(PATH, disk, () -> nowMs, Runnable::run);
            partition = Partition.open(
                    INFO,
                    data.log(1),
                    new OwnDisk(data.log(1), ++epoch),
                    this::wallMs,
                    groups,
                    new HeapBudget(4 << 20),
                    now());
            tellAll();
        }

        private Now now() {
            return new Now(nowMs - 1_800_000_000_000L, wallMs());
        }

        private long wallMs() {
            return nowMs + clockOffMs;
        }

        private QueueEngine engine(int id) {
            return Objects.requireNonNull(partition.queues().engine(id));
        }

        /** What keyed and new groups have to be told of the records that are there: they have no keys and no wishes here. */
        private void tellAll() throws Exception {
            long end = partition.log().endOffset();
            long from = partition.queues().untold(end);
            if (from >= end) {
                return;
            }
            partition.queues().tellFrom(from);
            while (from < end) {
                try (var slice = partition.log().read(from, end, 1 << 20, null)) {
                    ByteBuffer bytes = ByteBuffer.allocate(slice.sizeInBytes());
                    slice.copyTo(bytes);
                    bytes.flip();
                    for (int entry = 0; entry < bytes.limit(); entry += bytes.getInt(entry)) {
                        partition.queues().tell(new RecordBatch().wrap(bytes, entry + Envelope.SIZE));
                    }
                    from = slice.nextOffset();
                }
            }
            partition.queues().told(end);
        }

        /** Some segments, with a little of everything that a later entry does not undo. */
        void fill() throws Exception {
            for (int i = 0; i < 120; i++) {
                append();
                if (i % 10 == 0) {
                    grant(2);
                    turnEnds();
                }
            }
        }

        void steps(int count) throws Exception {
            for (int i = 0; i < count; i++) {
                step();
            }
            turnEnds();
        }

        private void step() throws Exception {
            nowMs += random.nextInt(300);
            switch (random.nextInt(13)) {
                case 0, 1, 2, 3 -> append();
                case 4, 5 -> grant(random.nextInt(1, 3));
                case 6 -> operate(engine(random.nextInt(1, 3)));
                case 7 -> position();
                case 8 ->
                    engine(random.nextInt(1, 3))
                            .advance(now(), partition.queues().ops());
                case 9 -> turnEnds();
                case 10 -> restart();
                case 11 -> mark();
                default -> groupsChange();
            }
        }

        /** As a leader writes whose voters change, which does not go by what this partition knows of the time. */
        private void mark() throws Exception {
            if (partition.log().lastEpoch() == epoch) {
                ByteBuffer payload = ControlPayload.configurationMark(1);
                partition.log().appendControl(EntryKind.CONFIG_MARK, payload, epoch, wallMs());
            }
            clockOffMs = -random.nextInt(3_000);
        }

        private void append() throws Exception {
            int producer = random.nextInt(-1, sequences.length);
            int records = 1 + random.nextInt(5);
            ByteBuffer target = ByteBuffer.allocate(1 << 14);
            RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE).reset(target);
            for (int i = 0; i < records; i++) {
                List<RecordHeader> wish = switch (random.nextInt(8)) {
                    case 0 -> wish("hw-deliver-at", nowMs + random.nextInt(3_000));
                    case 1 -> wish("hw-priority", random.nextInt(10));
                    default -> List.of();
                };
                assertTrue(builder.append(nowMs, null, new byte[random.nextInt(400)], wish));
            }
            builder.finish(producer, (short) (producer < 0 ? -1 : 0), producer < 0 ? -1 : sequences[producer]);
            RecordBatch batch = new RecordBatch().wrap(target, 0);
            Wishes wishes = Wishes.of(batch, new RecordCursor());
            // Decisions of this turn may still wait, so that a segment begins before they are in the log.
            assertEquals(null, partition.append(batch, new EventTimes(), wishes).error());
            if (producer >= 0) {
                sequences[producer] += records;
            }
        }

        private static List<RecordHeader> wish(String header, long value) {
            return List.of(new RecordHeader(header, Long.toString(value).getBytes(StandardCharsets.UTF_8)));
        }

        private void grant(int group) {
            Receiver receiver = new Receiver(random.nextInt(0, 4)).waitFor(1 + random.nextInt(8), 1 << 20, 20_000);
            QueueEngine engine = engine(group);
            QueueOps ops = partition.queues().ops();
            engine.advance(now(), ops);
            engine.grant(List.of(receiver), offset -> 100, now(), ops);
            Verb[] verbs = {Verb.ACK, Verb.ACK, Verb.RELEASE, Verb.FAIL, Verb.REJECT, Verb.EXTEND};
            for (int i = 0; i < receiver.size(); i++) {
                Verb verb = verbs[random.nextInt(verbs.length)];
                if (random.nextInt(4) > 0) {
                    long delayMs = random.nextBoolean() ? 2_000 : verb == Verb.EXTEND ? 9_000 : -1;
                    String reason = random.nextBoolean() ? "no" : "";
                    engine.settle(
                            new Settle(verb, receiver.offset(i), receiver.attempt(i), delayMs, reason), now(), ops);
                }
            }
        }

        private void operate(QueueEngine engine) {
            QueueOps ops = partition.queues().ops();
            long from = random.nextLong(engine.end() + 1);
            switch (random.nextInt(6)) {
                case 0 -> engine.pause(ops);
                case 1 -> engine.sessionClosed(random.nextInt(1, 4), now(), ops);
                case 2 -> engine.purge(Set.of(RecordState.DEAD), from, from + 20, ops);
                case 3 ->
                    engine.redrive(
                            engine.select(Set.of(RecordState.DEAD), 0, Long.MAX_VALUE, 5)
                                    .offsets(),
                            ops);
                case 4 -> engine.forget(from);
                default -> engine.resume(ops);
            }
        }

        private void position() {
            long committed = partition.committedOffset();
            if (random.nextInt(5) == 0) {
                partition.forget(STREAM_GROUP);
            } else {
                partition.commit(
                        STREAM_GROUP + random.nextInt(2),
                        CommitPosition.newBuilder()
                                .setOffset(random.nextLong(committed + 1))
                                .setProcessingStartMs(1)
                                .setProcessingEndMs(5)
                                .build(),
                        nowMs);
            }
        }

        private void turnEnds() throws Exception {
            partition.appendQueueOps();
            partition.flush();
            if (random.nextBoolean()) {
                data.groupCommit().doWork();
                partition.advanceCommitted();
            }
        }

        /** Of what was not synced a part is lost, if it is a crash. */
        private void restart() throws Exception {
            if (random.nextInt(8) > 0) {
                return;
            }
            partition.close();
            if (random.nextBoolean()) {
                turnEnds();
                data.close();
            } else {
                disk.powerCut(random);
                Arrays.fill(sequences, -1);
            }
            open();
            for (int id = 0; id < sequences.length; id++) {
                ProducerWindow window = partition.producers().window(id);
                sequences[id] = window == null ? 0 : window.nextSequence();
            }
        }

        private void groupsChange() throws Exception {
            if (random.nextInt(10) > 0) {
                return;
            }
            turnEnds();
            groups = groups.contains(LATER) ? List.of(PLAIN, KEYED) : List.of(PLAIN, KEYED, LATER);
            partition
                    .queues()
                    .reconcile(groups, partition.startOffset(), partition.log().endOffset(), now());
            tellAll();
        }

        /** What there is to find. */
        List<Finding> findings(StateAudit audit) throws Exception {
            partition.close();
            data.groupCommit().doWork();
            data.close();
            List<Finding> findings = new ArrayList<>();
            LogVerifier.verify(disk, PATH, List.of(), audit, findings::add);
            return findings;
        }
    }

    @Test
    void findsNothingWhateverIsDone() {
        long[] compared = new long[1];
        Seeds.run(30, random -> {
            Life life = new Life(random);
            life.steps(STEPS);
            StateAudit audit = new StateAudit(64 << 20);
            assertEquals(
                    List.of(),
                    life.findings(audit).stream()
                            .filter(found -> found.severity() == LogVerifier.Severity.DIVERGENCE)
                            .toList());
            compared[0] += audit.compared();
        });
        assertTrue(compared[0] > 100, compared[0] + " were compared");
    }

    /** What a mistake, or a bit of memory, may do to what a leader knows. The log says nothing of it. */
    enum Mistake {
        PAUSED("group 1: paused", life -> life.engine(1).pause(new QueueOps())),
        DONE("done", life -> {
            long offset = life.engine(1).nextNotDone(0);
            life.engine(1).skip(offset, offset + 1, new QueueOps());
        }),
        LEASED("record ", life -> {
            Receiver receiver = new Receiver(77).waitFor(1, 1 << 20, 50_000_000);
            life.engine(1).resume(life.partition.queues().ops());
            life.engine(1).grant(List.of(receiver), offset -> 100, life.now(), new QueueOps());
        }),
        POSITION(
                "position of group 9",
                life -> life.partition.positions().apply(new GroupOp(GroupOp.Kind.SEEK, 9, 1 << 20, 5))),
        PRODUCER("producer 40", life -> life.partition.producers().noted(40, (short) 7, 0, 3, 1 << 20, 5)),
        MOVER("mover -5", life -> life.partition.producers().noted(-5, (short) 0, 7, 3, 1 << 20, 5));

        private final String words;
        private final Consumer<Life> happens;

        Mistake(String words, Consumer<Life> happens) {
            this.words = words;
            this.happens = happens;
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatTheLogDoesNotLeadToIsFoundAndSaidOnce(Mistake mistake) {
        Seeds.run(5, random -> {
            Life life = new Life(random);
            // A checkpoint before it, and several after it.
            life.fill();
            mistake.happens.accept(life);
            life.fill();
            List<Finding> findings = life.findings(new StateAudit(64 << 20));
            assertEquals(1, findings.size(), findings.toString());
            assertEquals(LogVerifier.Severity.DIVERGENCE, findings.get(0).severity());
            assertTrue(findings.get(0).what().contains(mistake.words), findings.toString());
            assertTrue(findings.get(0).what().contains("leader of epoch 1"), findings.toString());
        });
    }

    /** What would take too much heap is passed over. */
    @Test
    void doesNotTakeMoreHeapThanItMay() {
        Seeds.run(1, random -> {
            Life life = new Life(random);
            life.steps(STEPS);
            StateAudit without = new StateAudit(64 << 20);
            assertEquals(List.of(), life.findings(without));
            StateAudit with = new StateAudit(4 << 10);
            assertEquals(List.of(), life.findings(with));
            assertEquals(0, without.passedOver());
            assertTrue(with.passedOver() > 0, "nothing is too large");
            assertTrue(with.compared() < without.compared(), with.compared() + " of " + without.compared());
        });
    }
}
