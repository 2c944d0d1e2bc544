package io.headwater.client;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The user's side of a queue consumer: hands out what it holds, and passes on what is said about it. */
final class LeasingConsumer implements QueueConsumer, HandlerRun.Work {
    private static final Logger LOG = LoggerFactory.getLogger(LeasingConsumer.class);
    private static final long FOR_EVER_NS = Long.MAX_VALUE / 4;

    /** How the consumer is used; null: not yet. */
    private enum Face {
        RECEIVE,
        RUN
    }

    private final Caller caller;
    private final QueueConsumerSettings settings;
    private final InstantSource clock;
    private final Runnable onClose;
    private final Holdings holdings;
    private final QueueCore core;
    private final AtomicReference<@Nullable Face> face = new AtomicReference<>();
    private final AtomicReference<@Nullable HandlerRun> run = new AtomicReference<>();
    private boolean closed;

    LeasingConsumer(
            Caller caller,
            QueueConsumerSettings settings,
            InstantSource clock,
            RandomGenerator random,
            Runnable onClose) {
        this.caller = caller;
        this.settings = settings;
        this.clock = clock;
        this.onClose = onClose;
        this.holdings = new Holdings(settings.concurrency(), this::creditLater);
        this.core = new QueueCore(caller.cluster(), settings, holdings, clock);
        caller.cluster().loop().execute(() -> core.start(random));
    }

    private void creditLater(QueueSubscription subscription) {
        onLoop(() -> core.credit(subscription));
    }

    private void use(Face wanted) {
        Face used = face.compareAndExchange(null, wanted);
        if (used != null && used != wanted) {
            throw new IllegalStateException(
                    wanted + ": this consumer is used with " + used + " (expected: either run, or receive and settle)");
        }
    }

    @Override
    public List<QueueRecord> receive(int max, Duration wait) {
        if (max < 1) {
            throw new IllegalArgumentException("max: " + max + " (expected: more than 0)");
        }
        use(Face.RECEIVE);
        List<QueueRecord> records = new ArrayList<>();
        long leftNs = wait.compareTo(Duration.ofNanos(FOR_EVER_NS)) > 0 ? FOR_EVER_NS : wait.toNanos();
        try {
            LeasedRecord record = next(leftNs, holdings::isStopped);
            while (record != null) {
                records.add(record);
                record = records.size() < max ? valid() : null;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return records;
    }

    /** The next record whose lease is still there; null: the time is up, or it is over. */
    private @Nullable LeasedRecord next(long timeoutNs, BooleanSupplier over) throws InterruptedException {
        long leftNs = timeoutNs;
        LeasedRecord record = over.getAsBoolean() ? null : valid();
        while (record == null && !over.getAsBoolean() && !holdings.isStopped()) {
            holdings.check();
            if (leftNs <= 0) {
                break;
            }
            leftNs = holdings.await(leftNs, over);
            record = over.getAsBoolean() ? null : valid();
        }
        return record;
    }

    /** What waited for too long goes to somebody else. */
    private @Nullable LeasedRecord valid() {
        LeasedRecord record = holdings.poll();
        while (record != null && !isValid(record)) {
            record = holdings.poll();
        }
        if (record != null) {
            record.processingStartMs = clock.millis();
        }
        return record;
    }

    private boolean isValid(LeasedRecord record) {
        if (record.isStale()) {
            holdings.ended(record, false, follower -> {});
            holdings.answered(record);
            return false;
        }
        boolean isOver = isOver(record);
        if (isOver) {
            giveBack(record);
        }
        return !isOver;
    }

    private boolean isOver(LeasedRecord record) {
        return record.leaseUntilNs() - caller.cluster().loop().nowNs() <= 0;
    }

    private void giveBack(LeasedRecord record) {
        // A lease that is gone needs no release.
        send(new SettleFuture(record, Settlement.release(), 0, 0));
    }

    private void send(SettleFuture future) {
        LeasedRecord record = future.record;
        record.subscription().settler.settle(future);
        Settlement.Verb verb = future.settlement.verb();
        if (verb == Settlement.Verb.EXTEND) {
            return;
        }
        if (verb == Settlement.Verb.ACK && !record.isStale() && !isOver(record)) {
            holdings.ended(record, true, follower -> {});
        } else {
            // Where the broker takes the acknowledgement all the same, the followers are still this consumer's.
            holdings.ended(record, false, verb == Settlement.Verb.ACK ? QueueCore::giveBack : follower -> {});
            var unused = future.whenComplete((done, why) -> holdings.answered(record));
        }
    }

    @Override
    public CompletableFuture<@Nullable Void> settle(QueueRecord record, Settlement settlement) {
        if (!(record instanceof LeasedRecord leased)) {
            throw new IllegalArgumentException("record: " + record + " (expected: one that a consumer received)");
        }
        boolean isMore = settlement.verb() == Settlement.Verb.EXTEND;
        SettleFuture future = new SettleFuture(
                leased, settlement, isMore ? 0 : leased.processingStartMs, isMore ? 0 : clock.millis());
        send(future);
        return future;
    }

    @Override
    public void run(Handler handler) {
        use(Face.RUN);
        String name = "headwater-" + settings.topic() + "-" + settings.group();
        HandlerRun mine = new HandlerRun(this, handler, settings.concurrency(), name);
        if (!run.compareAndSet(null, mine)) {
            throw new IllegalStateException("run: it runs already (expected: one at a time, with its concurrency)");
        }
        try {
            mine.run();
        } finally {
            run.set(null);
            if (holdings.isStopped()) {
                finish();
            }
        }
    }

    @Override
    public @Nullable LeasedRecord next(int handler, HandlerRun of) throws InterruptedException {
        LeasedRecord record = next(FOR_EVER_NS, of::isOver);
        if (record != null) {
            holdings.begin(handler, record);
        }
        return record;
    }

    @Override
    public void done(int handler, LeasedRecord record, Settlement settlement) {
        if (holdings.end(handler, record)) {
            var unused = settle(record, settlement).whenComplete((done, why) -> {
                if (why != null) {
                    LOG.warn("{}: processed, and not settled as {}: {}", record, settlement.verb(), why.getMessage());
                }
            });
        }
    }

    @Override
    public void wake() {
        holdings.wake();
    }

    @Override
    public void close() {
        holdings.stop();
        HandlerRun running = run.get();
        if (running == null || !running.isCurrentThread()) {
            finish();
        }
    }

    /** Once, and whole also for a thread that was interrupted before; who comes second waits for the first. */
    private synchronized void finish() {
        if (closed) {
            return;
        }
        closed = true;
        boolean interrupted = Thread.interrupted();
        try {
            if (face.get() == Face.RECEIVE && !settings.detachedLeases()) {
                // The broker knows what was never settled.
                await(core::whenSettled);
                await(() -> core.close(true));
            } else {
                await(() -> core.close(false));
                holdings.takeAll().forEach(this::giveBack);
                awaitHandlers();
                await(core::whenSettled);
            }
        } finally {
            onLoop(core::stop);
            onClose.run();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void awaitHandlers() {
        HandlerRun running = run.get();
        try {
            if (running == null || running.await(settings.drainNs())) {
                return;
            }
            LOG.warn(
                    "group {} of {}: handlers still work after {} ms: their records go back",
                    settings.group(),
                    settings.topic(),
                    settings.drainNs() / 1_000_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        running.interrupt();
        for (int i = 0; i < settings.concurrency(); i++) {
            LeasedRecord record = holdings.takeFrom(i);
            if (record != null) {
                giveBack(record);
            }
        }
    }

    private void await(Supplier<CompletableFuture<@Nullable Void>> task) {
        CompletableFuture<@Nullable Void> finished = new CompletableFuture<>();
        boolean accepted = onLoop(() -> {
            var unused = task.get().thenAccept(finished::complete);
        });
        if (!accepted) {
            throw WireErrors.closed("client");
        }
        caller.await(finished);
    }

    /** False: the client is closed, and what was to be done is done with it. */
    private boolean onLoop(Runnable task) {
        try {
            caller.cluster().loop().execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }
}
