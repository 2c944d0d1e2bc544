package io.headwater.client.fake;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.Errors;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.CreateQueueGroup;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.GetQueueGroups;
import io.headwater.protocol.wire.QueueClose;
import io.headwater.protocol.wire.QueueCloseReply;
import io.headwater.protocol.wire.QueueCredit;
import io.headwater.protocol.wire.QueueDeliver;
import io.headwater.protocol.wire.QueueGroup;
import io.headwater.protocol.wire.QueueGroups;
import io.headwater.protocol.wire.QueueOpen;
import io.headwater.protocol.wire.QueueOpenReply;
import io.headwater.protocol.wire.QueueSettle;
import io.headwater.protocol.wire.QueueSettleReply;
import io.headwater.protocol.wire.QueueVerb;
import io.headwater.protocol.wire.RecordState;
import io.headwater.protocol.wire.SettleProblem;
import io.headwater.protocol.wire.Settlement;
import io.headwater.record.BatchSlicer;
import io.headwater.record.Envelope;
import io.headwater.record.EventTimes;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The queue groups of a broker, or of a cluster: no timers, no order by key; leases end when a test says so. */
public final class FakeQueues {
    /** What becomes of a settle frame. */
    public enum Fate {
        ANSWER,
        DROP_BEFORE,
        DROP_AFTER,
        /** Answered when the test says {@link #answerHeld}. */
        HOLD
    }

    /** Whose records these are. */
    interface Partitions {
        FakePartition partition(long id);

        List<FakePartition> partitionsOf(String topic);
    }

    /** One connection, as the queues see it. */
    interface Line {
        void reply(Frame to, MessageLite message);

        void reply(FrameType type, int correlationId, MessageLite message);

        void fail(Frame to, Error error);

        void push(FrameType type, MessageLite message, byte[] attachment);

        void close();
    }

    /** What a group knows of one record. */
    public static final class Item {
        public RecordState state = RecordState.RECORD_READY;
        public int attempts;
        public int failures;
        public long session;
        public String reason = "";
        public final List<Long> extensions = new ArrayList<>();
        public long processingStartMs;
        public long processingEndMs;
    }

    private final class Worker {
        final Line line;
        final QueueOpen open;
        final FakePartition partition;
        long records;
        long bytes;

        Worker(Line line, QueueOpen open, FakePartition partition) {
            this.line = line;
            this.open = open;
            this.partition = partition;
            this.records = open.getCreditRecords();
            this.bytes = open.getCreditBytes();
        }
    }

    private final Partitions broker;
    private final Map<String, QueueGroup> groups = new LinkedHashMap<>();
    private final Map<Long, TreeMap<Long, Item>> items = new LinkedHashMap<>();
    private final List<Worker> workers = new ArrayList<>();
    private final List<Runnable> held = new ArrayList<>();
    private final BatchSlicer slicer = new BatchSlicer();

    public Function<QueueSettle, Fate> fate = unused -> Fate.ANSWER;
    public Function<QueueOpen, @Nullable Error> refusal = unused -> null;
    public final List<QueueSettle> settles = new ArrayList<>();
    public final List<QueueOpen> opens = new ArrayList<>();
    public final List<QueueClose> closes = new ArrayList<>();
    public final List<QueueCredit> credits = new ArrayList<>();
    public int delivered;
    /** Leased, and never heard of by whom they were leased to. */
    public int returned;

    public long leaseMs = 30_000;
    /** Granted, taken from the credit, and not sent: as if they were erased meanwhile. */
    public int erased;
    /** The checksums of what is delivered do not match any more. */
    public boolean damages;

    FakeQueues(Partitions broker) {
        this.broker = broker;
    }

    public void create(String topic, String name) {
        QueueGroup.Builder group =
                QueueGroup.newBuilder().setId(groups.size() + 1).setTopic(topic).setName(name);
        broker.partitionsOf(topic).forEach(partition -> group.addPartitionIds(partition.id));
        groups.put(topic + "/" + name, group.build());
    }

    /** The topic has grown. */
    public void refresh(String topic, String name) {
        QueueGroup.Builder group = groups.get(topic + "/" + name).toBuilder().clearPartitionIds();
        broker.partitionsOf(topic).forEach(partition -> group.addPartitionIds(partition.id));
        groups.put(topic + "/" + name, group.build());
    }

    /** Of the only group of the partition's topic. */
    public Item item(String topic, int partition, long offset) {
        return items.get(broker.partitionsOf(topic).get(partition).id).get(offset);
    }

    public long count(RecordState state) {
        return items.values().stream()
                .flatMap(all -> all.values().stream())
                .filter(item -> item.state == state)
                .count();
    }

    /** Leases of sessions end as after their grace; what they were of is ready. */
    public void endLeases() {
        items.values()
                .forEach(all -> all.values().forEach(item -> {
                    if (item.state == RecordState.RECORD_LEASED) {
                        item.state = RecordState.RECORD_READY;
                    }
                }));
        grant();
    }

    public void answerHeld() {
        List<Runnable> answers = List.copyOf(held);
        held.clear();
        answers.forEach(Runnable::run);
    }

    public int held() {
        return held.size();
    }

    /** Ends all consumers with this. */
    public void endAll(Error why) {
        end(null, line -> true, why);
    }

    /** Ends the consumers of a partition, or of all, on some connections. */
    void end(@Nullable FakePartition of, Predicate<Line> on, Error why) {
        for (Worker worker : List.copyOf(workers)) {
            if ((of != null && worker.partition != of) || !on.test(worker.line)) {
                continue;
            }
            workers.remove(worker);
            worker.line.push(
                    FrameType.QUEUE_DELIVER,
                    QueueDeliver.newBuilder()
                            .setSubscriptionId(worker.open.getSubscriptionId())
                            .setError(why)
                            .build(),
                    new byte[0]);
        }
    }

    /** False: not for queues. */
    boolean handle(Frame frame, Line line) {
        switch (frame.type()) {
            case CREATE_QUEUE_GROUP -> {
                CreateQueueGroup create = frame.message(CreateQueueGroup.class);
                if (groups.containsKey(create.getTopic() + "/" + create.getName())) {
                    line.fail(frame, Errors.of(ErrorCode.ERROR_GROUP_EXISTS, "group exists"));
                } else {
                    create(create.getTopic(), create.getName());
                    line.reply(frame, groups.get(create.getTopic() + "/" + create.getName()));
                }
            }
            case GET_QUEUE_GROUPS -> find(frame, line);
            case QUEUE_OPEN -> open(frame, line);
            case QUEUE_CREDIT -> credit(frame.message(QueueCredit.class), line);
            case QUEUE_CLOSE -> close(frame, line);
            case QUEUE_SETTLE -> settle(frame, line);
            default -> {
                return false;
            }
        }
        return true;
    }

    void lost(Line line) {
        lostAll(line::equals);
    }

    void lostAll(Predicate<Line> lines) {
        workers.removeIf(worker -> lines.test(worker.line));
    }

    /** -1: it is not about one. */
    static long partitionOf(Frame frame) {
        return switch (frame.type()) {
            case QUEUE_OPEN -> frame.message(QueueOpen.class).getPartitionId();
            case QUEUE_SETTLE -> frame.message(QueueSettle.class).getPartitionId();
            default -> -1;
        };
    }

    private void find(Frame frame, Line line) {
        GetQueueGroups find = frame.message(GetQueueGroups.class);
        if (find.getName().isEmpty()) {
            line.reply(
                    frame,
                    QueueGroups.newBuilder().addAllGroups(groups.values()).build());
            return;
        }
        QueueGroup found = groups.get(find.getTopic() + "/" + find.getName());
        if (found == null) {
            line.fail(frame, Errors.of(ErrorCode.ERROR_UNKNOWN_GROUP, "no group " + find.getName()));
        } else {
            line.reply(frame, QueueGroups.newBuilder().addGroups(found).build());
        }
    }

    private void open(Frame frame, Line line) {
        QueueOpen open = frame.message(QueueOpen.class);
        Error refused = refusal.apply(open);
        if (refused != null) {
            line.fail(frame, refused);
            return;
        }
        opens.add(open);
        comeBack(open);
        long lease = open.getLeaseMs() == 0 ? leaseMs : open.getLeaseMs();
        workers.add(new Worker(line, open, broker.partition(open.getPartitionId())));
        line.reply(frame, QueueOpenReply.newBuilder().setLeaseMs(lease).build());
        grant();
    }

    /** What the session has, and has not heard of, returns, and nobody is charged. */
    private void comeBack(QueueOpen open) {
        if (open.getSession() == 0) {
            return;
        }
        workers.removeIf(worker ->
                worker.open.getSession() == open.getSession() && worker.partition.id == open.getPartitionId());
        Set<Long> held = new HashSet<>();
        long at = 0;
        for (long step : open.getHeld().getOffsetStepsList()) {
            at += step;
            held.add(at);
        }
        items.getOrDefault(open.getPartitionId(), new TreeMap<>()).forEach((offset, item) -> {
            boolean isItsOwn = item.state == RecordState.RECORD_LEASED && item.session == open.getSession();
            if (isItsOwn && open.hasHeld() && !held.contains(offset)) {
                item.state = RecordState.RECORD_READY;
                item.attempts--;
                returned++;
            }
        });
    }

    private @Nullable Worker worker(Line line, int id) {
        for (Worker worker : workers) {
            if (worker.line.equals(line) && worker.open.getSubscriptionId() == id) {
                return worker;
            }
        }
        return null;
    }

    private void credit(QueueCredit credit, Line line) {
        credits.add(credit);
        Worker worker = worker(line, credit.getSubscriptionId());
        if (worker != null) {
            worker.records += credit.getRecords();
            worker.bytes += credit.getBytes();
            grant();
        }
    }

    private void close(Frame frame, Line line) {
        QueueClose close = frame.message(QueueClose.class);
        closes.add(close);
        Worker worker = worker(line, close.getSubscriptionId());
        if (worker != null) {
            workers.remove(worker);
            if (close.getRelease()) {
                items.getOrDefault(worker.partition.id, new TreeMap<>())
                        .values()
                        .forEach(item -> {
                            if (item.state == RecordState.RECORD_LEASED && item.session == worker.open.getSession()) {
                                item.state = RecordState.RECORD_READY;
                            }
                        });
            }
        }
        line.reply(frame, QueueCloseReply.getDefaultInstance());
        grant();
    }

    private void settle(Frame frame, Line line) {
        QueueSettle settle = frame.message(QueueSettle.class);
        settles.add(settle);
        Fate what = fate.apply(settle);
        if (what == Fate.DROP_BEFORE) {
            drop(line);
            return;
        }
        QueueSettleReply reply = apply(settle);
        FrameType type = frame.type();
        int correlationId = frame.correlationId();
        switch (what) {
            case DROP_AFTER -> drop(line);
            case HOLD -> held.add(() -> line.reply(type, correlationId, reply));
            default -> line.reply(frame, reply);
        }
        grant();
    }

    /** Nothing is granted to whom it would not reach. */
    private void drop(Line line) {
        lost(line);
        line.close();
    }

    private QueueSettleReply apply(QueueSettle settle) {
        QueueSettleReply.Builder reply = QueueSettleReply.newBuilder();
        for (int s = 0; s < settle.getSettlementsCount(); s++) {
            Settlement settlement = settle.getSettlements(s);
            long offset = 0;
            for (int i = 0; i < settlement.getOffsetStepsCount(); i++) {
                offset += settlement.getOffsetSteps(i);
                int attempt = settlement.getAttemptsCount() == 0 ? 1 : settlement.getAttempts(i);
                Item item = items.get(settle.getPartitionId()).get(offset);
                if (!apply(item, attempt, settlement)) {
                    reply.addProblems(SettleProblem.newBuilder()
                            .setSettlement(s)
                            .setLease(i)
                            .setState(item.state));
                }
            }
        }
        return reply.build();
    }

    private boolean apply(Item item, int attempt, Settlement settlement) {
        QueueVerb verb = settlement.getVerb();
        boolean isSame = item.attempts == attempt;
        if (isSame && item.state == RecordState.RECORD_DONE && verb == QueueVerb.VERB_ACK) {
            return true;
        }
        if (!isSame || item.state != RecordState.RECORD_LEASED) {
            return false;
        }
        item.processingStartMs = settlement.getProcessingStartMs();
        item.processingEndMs = settlement.getProcessingEndMs();
        switch (verb) {
            case VERB_ACK -> item.state = RecordState.RECORD_DONE;
            case VERB_EXTEND -> item.extensions.add(settlement.getDelayMs());
            case VERB_REJECT -> item.state = RecordState.RECORD_DEAD;
            case VERB_FAIL -> {
                item.failures++;
                item.reason = settlement.getReason();
                item.state = settlement.getHasDelay() ? RecordState.RECORD_WAITING : RecordState.RECORD_READY;
            }
            default -> item.state = settlement.getDelayMs() > 0 ? RecordState.RECORD_WAITING : RecordState.RECORD_READY;
        }
        return true;
    }

    /** Gives everybody what there is credit for, in a delivery for each entry that it comes from. */
    void grant() {
        for (Worker worker : List.copyOf(workers)) {
            TreeMap<Long, Item> known = items.computeIfAbsent(worker.partition.id, unused -> new TreeMap<>());
            for (FakePartition.Entry entry : worker.partition.entries) {
                List<Long> given = new ArrayList<>();
                for (long offset = entry.baseOffset(); offset < entry.endOffset(); offset++) {
                    Item item = known.computeIfAbsent(offset, unused -> new Item());
                    if (item.state == RecordState.RECORD_READY && worker.records > 0 && worker.bytes > 0) {
                        item.state = RecordState.RECORD_LEASED;
                        item.attempts++;
                        item.session = worker.open.getSession();
                        worker.records--;
                        given.add(offset);
                    }
                }
                if (!given.isEmpty()) {
                    deliver(worker, entry, given, known);
                }
            }
        }
    }

    private void deliver(Worker worker, FakePartition.Entry entry, List<Long> offsets, Map<Long, Item> known) {
        QueueDeliver.Builder message = QueueDeliver.newBuilder()
                .setSubscriptionId(worker.open.getSubscriptionId())
                .setLeaseMs(worker.open.getLeaseMs() == 0 ? leaseMs : worker.open.getLeaseMs())
                .setCreditTaken(offsets.size() + erased);
        worker.records -= erased;
        boolean again = offsets.stream().anyMatch(offset -> known.get(offset).attempts > 1);
        boolean failed = offsets.stream().anyMatch(offset -> known.get(offset).failures > 0);
        for (long offset : offsets) {
            if (again) {
                message.addAttempts(known.get(offset).attempts);
            }
            if (failed) {
                message.addFailures(known.get(offset).failures);
            }
        }
        byte[] bytes = slice(entry, offsets);
        if (damages) {
            bytes[bytes.length - 1]++;
        }
        worker.bytes -= bytes.length;
        delivered += offsets.size();
        worker.line.push(FrameType.QUEUE_DELIVER, message.build(), bytes);
    }

    /** The entry with just these records. */
    private byte[] slice(FakePartition.Entry entry, List<Long> offsets) {
        try {
            slicer.open(new RecordBatch().wrap(ByteBuffer.wrap(entry.bytes()), Envelope.SIZE));
            ByteBuffer target = ByteBuffer.allocate(entry.bytes().length * 4 + Envelope.SIZE);
            slicer.begin(target.position(Envelope.SIZE));
            for (long offset : offsets) {
                int index = slicer.indexFrom(offset);
                slicer.add(index, index + 1);
            }
            int size = slicer.finish();
            RecordBatch batch = new RecordBatch().wrap(target, Envelope.SIZE);
            EventTimes times = new EventTimes().set(entry.minEventMs(), entry.maxEventMs());
            new Envelope().wrap(target, 0).encodeData(batch, times, 0, entry.ingestionMs());
            byte[] bytes = new byte[Envelope.SIZE + size];
            target.get(0, bytes);
            return bytes;
        } catch (InvalidBatchException e) {
            throw new AssertionError(e);
        }
    }
}
