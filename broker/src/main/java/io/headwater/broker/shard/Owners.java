package io.headwater.broker.shard;

import io.headwater.broker.copy.PromiseKeeper;
import io.headwater.broker.copy.SegmentAnswer;
import io.headwater.broker.copy.SegmentGiver;
import io.headwater.broker.copy.SegmentQuestion;
import io.headwater.broker.copy.SegmentTraffic;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.net.Connection;
import io.headwater.broker.net.Requests;
import io.headwater.broker.partition.Partitions;
import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.replica.ReplicaMessage;
import io.headwater.broker.replica.ReplicaSettings;
import io.headwater.broker.work.LetterBox;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.Produce;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.DurabilityListener;
import io.headwater.storage.LogStart;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.NanoClock;

/**
 * All owners of this broker. Every partition belongs to exactly one, by its id. Also hears from the sync thread what
 * has become durable: it wakes each owner once per group commit, and the owners look for themselves.
 */
public final class Owners implements DurabilityListener, Requests.Factory {
    private static final long PROMISES_TIMEOUT_S = 10;
    private static final int SEGMENT_THREADS = 2;

    private final Settings settings;
    private final List<Mailbox> mailboxes = new ArrayList<>();
    private final List<Shard> shards = new ArrayList<>();
    private final List<ShardThread> threads = new ArrayList<>();
    /** Waits for the disk; has a thread only while there is something to write. */
    private final ThreadPoolExecutor promiseWriter = new ThreadPoolExecutor(
            0, 1, 5, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), work -> new Thread(work, "headwater-promises"));
    /** Reads and writes segments that go to other brokers and come from them. */
    private final ThreadPoolExecutor segmentFiles = newSegmentFiles();

    private final SegmentTraffic segments;
    /** Which owners have something in the group commit that is running; the sync thread's alone. */
    private final boolean[] concerned;

    /**
     * @param count how many owners, each with a thread
     * @param mailboxLimit requests that wait at one owner; further ones are refused
     * @param queueMemory what the queue groups of all partitions may take
     * @param copyRate bytes per second of segments that go to other brokers, and that come from them
     * @param onFatal hears of a broken invariant; must end the process
     */
    public record Settings(
            int count,
            int mailboxLimit,
            int maxRecordBytes,
            long idleAfterMs,
            HeapBudget queueMemory,
            long copyRate,
            EpochClock epochClock,
            NanoClock nanoClock,
            Consumer<Throwable> onFatal) {}

    /** Has no partitions yet: the logs need it as their listener before they can be opened. */
    public Owners(Settings settings) {
        this.settings = settings;
        this.segments = new SegmentTraffic(settings.copyRate());
        this.concerned = new boolean[settings.count()];
        for (int i = 0; i < settings.count(); i++) {
            mailboxes.add(new Mailbox(settings.mailboxLimit()));
        }
    }

    /**
     * Once, before the first request.
     *
     * @param self this broker in its present incarnation
     * @param posts one for each owner
     */
    public void start(
            DataDirectory data, Supplier<MetadataImage> metadata, NodeInfo self, Supplier<ReplicaPost> posts) {
        prepare(data, metadata, self, posts, promiseWriter, segmentFiles, ReplicaSettings.DEFAULTS);
        for (int i = 0; i < shards.size(); i++) {
            threads.add(new ShardThread(shards.get(i), "headwater-owner-" + i, settings.onFatal()));
        }
        threads.forEach(ShardThread::start);
    }

    /** {@link #start} without the threads: whoever gets the shards takes their turns. */
    List<Shard> prepare(
            DataDirectory data,
            Supplier<MetadataImage> metadata,
            NodeInfo self,
            Supplier<ReplicaPost> posts,
            Executor promiseWrites,
            Executor segmentWork,
            ReplicaSettings replication) {
        PromiseKeeper promises = new PromiseKeeper(data.marks(), promiseWrites);
        SegmentGiver giver = new SegmentGiver(segments, segmentWork);
        for (Mailbox mailbox : mailboxes) {
            shards.add(new Shard(
                    mailbox,
                    data,
                    metadata,
                    settings,
                    this::mailboxOf,
                    self,
                    posts.get(),
                    promises,
                    giver,
                    replication));
        }
        return List.copyOf(shards);
    }

    private static ThreadPoolExecutor newSegmentFiles() {
        ThreadPoolExecutor executor = new ThreadPoolExecutor(
                SEGMENT_THREADS,
                SEGMENT_THREADS,
                5,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                work -> new Thread(work, "headwater-segments"),
                // When the owners have stopped: whoever waits for it has, too.
                new ThreadPoolExecutor.DiscardPolicy());
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    /** What has gone to other brokers, and come from them. */
    public SegmentTraffic segments() {
        return segments;
    }

    /** The port for other rooms; answers arrive on the executor. */
    public Partitions partitions(Executor answers) {
        return new ShardPartitions(this, answers);
    }

    @Override
    public Requests open(Connection connection) {
        return new RequestRouter(connection, this, settings.maxRecordBytes());
    }

    /** What each owner counts. */
    public List<ShardGauges> gauges() {
        return shards.stream().map(Shard::gauges).toList();
    }

    /** What the queue groups of all partitions take. */
    public HeapBudget queueMemory() {
        return settings.queueMemory();
    }

    /** How many requests wait in each owner's mailbox. */
    public List<Integer> backlogs() {
        return mailboxes.stream().map(Mailbox::size).toList();
    }

    /** Waits until everything that was asked is answered, or the time is up; nothing new may be asked any more. */
    public boolean awaitQuiet(long timeoutMs) throws InterruptedException {
        return await(Quiesce::new, timeoutMs);
    }

    /** Lets other brokers lead what this one leads for them, and waits for that, or until the time is up. */
    public boolean handOver(long timeoutMs) throws InterruptedException {
        return await(ReplicaTasks.HandOver::new, timeoutMs);
    }

    private boolean await(Function<CompletableFuture<Void>, Task> task, long timeoutMs) throws InterruptedException {
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (Mailbox mailbox : mailboxes) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            all.add(done);
            mailbox.signal(task.apply(done));
        }
        try {
            CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get(timeoutMs, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException | ExecutionException e) {
            return false;
        }
    }

    /** Ends the threads; what is left in the mailboxes is refused. */
    public void stop(Error why) throws InterruptedException {
        for (ShardThread thread : threads) {
            thread.stop(why);
        }
        promiseWriter.shutdown();
        segmentFiles.shutdown();
        segmentFiles.awaitTermination(PROMISES_TIMEOUT_S, TimeUnit.SECONDS);
        promiseWriter.awaitTermination(PROMISES_TIMEOUT_S, TimeUnit.SECONDS);
    }

    @Override
    public void durable(long partitionId, long endIndex, long endOffset) {
        concerned[indexOf(partitionId)] = true;
    }

    @Override
    public void failed(long partitionId, Throwable cause) {
        concerned[indexOf(partitionId)] = true;
    }

    @Override
    public void cycleEnded() {
        for (int i = 0; i < concerned.length; i++) {
            if (concerned[i]) {
                concerned[i] = false;
                mailboxes.get(i).poke();
            }
        }
    }

    /** Bytes seem to be damaged, in the file of the segment that begins with this entry. Any thread. */
    public void suspect(long partitionId, long baseIndex, long position) {
        mailboxOf(partitionId).signal(new ReplicaTasks.Suspected(partitionId, baseIndex, position));
    }

    /** Another broker says this to a copy of a partition. Any thread. */
    public void receive(long partitionId, LogStart senderStart, ReplicaMessage message) {
        mailboxOf(partitionId).signal(new ReplicaTasks.Received(partitionId, senderStart, message));
    }

    /**
     * Another broker moves records into a partition that is led here. Any thread.
     *
     * @param batch taken
     * @param back hears exactly once, on some thread, what became of it
     */
    public void append(long partitionId, ByteBuffer batch, Consumer<LetterBox.Delivery> back) {
        PostOffice.append(mailboxOf(partitionId), partitionId, batch, back);
    }

    /**
     * Another broker wants a part of a segment of a partition. Any thread.
     *
     * @param back hears the answer, on some thread
     */
    public void askForSegment(SegmentQuestion question, Consumer<SegmentAnswer> back) {
        mailboxOf(question.partitionId()).signal(new ReplicaTasks.SegmentWanted(question, back));
    }

    /** A controller ends all epochs before this one. Any thread. */
    public void requestSeal(int controllerNode, long partitionId, int epoch) {
        mailboxOf(partitionId).signal(new ReplicaTasks.SealRequest(controllerNode, partitionId, epoch));
    }

    /**
     * The leader of this epoch is to hand over. Any thread.
     *
     * @param to the node that should lead; 0: any
     */
    public void requestTransfer(long partitionId, int epoch, int to) {
        mailboxOf(partitionId).signal(new ReplicaTasks.TransferRequest(partitionId, epoch, to));
    }

    /** What was sent to that node may be lost. Any thread. */
    public void disconnected(int node) {
        mailboxes.forEach(mailbox -> mailbox.signal(new ReplicaTasks.Disconnected(node)));
    }

    /** Copies come, go and change their roles as the metadata say by now. Any thread. */
    public void metadataChanged() {
        mailboxes.forEach(mailbox -> mailbox.signal(new ReplicaTasks.MetadataChanged()));
    }

    long nanoTime() {
        return settings.nanoClock().nanoTime();
    }

    int count() {
        return mailboxes.size();
    }

    int indexOf(long partitionId) {
        return (int) Math.floorMod(partitionId, (long) mailboxes.size());
    }

    Mailbox mailbox(int index) {
        return mailboxes.get(index);
    }

    Mailbox mailboxOf(long partitionId) {
        return mailboxes.get(indexOf(partitionId));
    }

    /** Whether every owner that the message is meant for would refuse it. */
    boolean isFull(Produce message) {
        for (int i = 0; i < message.getBatchesCount(); i++) {
            if (!mailboxOf(message.getBatches(i).getPartitionId()).isFull()) {
                return false;
            }
        }
        return true;
    }

    /** Tells when an owner has nothing left to answer. */
    private record Quiesce(CompletableFuture<Void> done) implements Task {
        @Override
        public void run(Shard shard) {
            shard.whenQuiet(() -> done.complete(null));
        }

        @Override
        public void refuse(Error why) {
            done.complete(null);
        }
    }
}
