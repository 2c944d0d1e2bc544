package io.headwater.client;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The leases that a consumer looks after: those of the records that wait to be handed out, which the loop adds and the
 * user's threads take, and those of the records that its handlers work on. Bounded by the credit that it gives: what is
 * taken is credited again, half of the prefetch at a time, so that one half is on its way while the other is worked on.
 */
final class Holdings {
    /** What a subscription may be sent. */
    record Credit(int records, long bytes) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<LeasedRecord> waiting = new ArrayDeque<>();
    private final AtomicReferenceArray<@Nullable LeasedRecord> atWork;
    private final Consumer<QueueSubscription> creditDue;
    private final List<KeyLines> lines = new ArrayList<>();
    private Credit prefetch = new Credit(1, 1);
    private @Nullable HeadwaterException failure;
    private boolean stopped;

    /** @param creditDue told, on a user's thread, that a subscription should take its credit; must be quick */
    Holdings(int handlers, Consumer<QueueSubscription> creditDue) {
        this.atWork = new AtomicReferenceArray<>(handlers);
        this.creditDue = creditDue;
    }

    // ---- the loop's side

    /** How much each subscription may have here. */
    void prefetch(Credit each) {
        lock.lock();
        try {
            prefetch = each;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Records arrived.
     *
     * @param creditTaken may be more than there are records
     */
    void add(QueueSubscription from, List<LeasedRecord> records, long bytes, int creditTaken) {
        lock.lock();
        try {
            from.waiting += records.size();
            from.waitingBytes += bytes;
            if (from.lines == null) {
                waiting.addAll(records);
            } else {
                records.forEach(record -> place(from.lines, record));
            }
            from.taken += Math.max(0, creditTaken - records.size());
            noteCredit(from);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void place(KeyLines of, LeasedRecord record) {
        switch (of.add(record)) {
            case FIRST -> waiting.add(record);
            case BEHIND -> {}
            case NONE -> drop(record);
        }
    }

    /** The broker has it again. */
    private void drop(LeasedRecord record) {
        record.becomeStale();
        leave(record);
    }

    /** Of a subscription of a keyed group. */
    KeyLines newLines() {
        lock.lock();
        try {
            KeyLines added = new KeyLines();
            lines.add(added);
            return added;
        } finally {
            lock.unlock();
        }
    }

    /** The broker has ended the lease of a record, and of all that was granted behind it. */
    void takenBack(LeasedRecord record) {
        KeyLines of = record.subscription().lines;
        if (of == null) {
            return;
        }
        lock.lock();
        try {
            LeasedRecord first = of.takenBack(record, this::drop);
            if (first != null) {
                // Not handed out any more, if it was not yet.
                first.becomeStale();
            }
        } finally {
            lock.unlock();
        }
        if (!isAtWork(record)) {
            // Whoever has it need not settle it any more.
            ended(record, false, follower -> {});
            answered(record);
        }
    }

    private boolean isAtWork(LeasedRecord record) {
        for (int i = 0; i < atWork.length(); i++) {
            if (atWork.get(i) == record) {
                return true;
            }
        }
        return false;
    }

    /** The broker knows what was said of a record other than an acknowledgement. */
    void answered(LeasedRecord record) {
        KeyLines of = record.subscription().lines;
        if (of != null) {
            lock.lock();
            try {
                of.answered(record);
            } finally {
                lock.unlock();
            }
        }
    }

    /** Of a subscription that begins anew: all that there is room for. */
    Credit firstCredit(QueueSubscription subscription) {
        lock.lock();
        try {
            takeCredit(subscription);
            return new Credit(
                    Math.max(0, prefetch.records() - subscription.waiting),
                    Math.max(0, prefetch.bytes() - subscription.waitingBytes));
        } finally {
            lock.unlock();
        }
    }

    /** What was taken since the last credit. */
    Credit takeCredit(QueueSubscription subscription) {
        lock.lock();
        try {
            Credit credit = new Credit(subscription.taken, subscription.takenBytes);
            subscription.taken = 0;
            subscription.takenBytes = 0;
            subscription.creditDue = false;
            return credit;
        } finally {
            lock.unlock();
        }
    }

    /** Goes over all whose leases are to be looked after; what waits is not handed out meanwhile. */
    void forEach(Consumer<LeasedRecord> action) {
        lock.lock();
        try {
            waiting.forEach(action);
            lines.forEach(of -> of.forEachBehind(action));
        } finally {
            lock.unlock();
        }
        for (int i = 0; i < atWork.length(); i++) {
            LeasedRecord record = atWork.get(i);
            if (record != null) {
                action.accept(record);
            }
        }
    }

    /** Who waits in vain is told. */
    void fail(HeadwaterException why) {
        lock.lock();
        try {
            failure = why;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    // ---- the users' side

    /** The next record, without waiting; null: there is none, or nothing is handed out any more. */
    @Nullable
    LeasedRecord poll() {
        lock.lock();
        try {
            LeasedRecord record = stopped ? null : waiting.poll();
            if (record != null) {
                leave(record);
            }
            return record;
        } finally {
            lock.unlock();
        }
    }

    /**
     * A record that was handed out is settled, or its lease is over: the next of its key may be handed out.
     *
     * @param acked it is done; else what came behind it is not this consumer's any more
     * @param dropped told of that
     */
    void ended(LeasedRecord record, boolean acked, Consumer<LeasedRecord> dropped) {
        KeyLines of = record.subscription().lines;
        if (of == null) {
            return;
        }
        lock.lock();
        try {
            LeasedRecord next = of.ended(record, acked, follower -> {
                drop(follower);
                dropped.accept(follower);
            });
            if (next != null) {
                waiting.add(next);
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Throws what there is to tell: once, or, where it will not change, each time. */
    void check() {
        lock.lock();
        try {
            HeadwaterException why = stopped ? null : failure;
            if (why != null) {
                failure = why instanceof HeadwaterException.Rejected ? why : null;
                throw why;
            }
        } finally {
            lock.unlock();
        }
    }

    private void leave(LeasedRecord record) {
        QueueSubscription from = record.subscription();
        from.waiting--;
        from.waitingBytes -= record.bytes;
        from.taken++;
        from.takenBytes += record.bytes;
        noteCredit(from);
    }

    private void noteCredit(QueueSubscription from) {
        boolean enough = 2L * from.taken >= prefetch.records() || 2 * from.takenBytes >= prefetch.bytes();
        if (enough && !from.creditDue && from.taken > 0) {
            from.creditDue = true;
            creditDue.accept(from);
        }
    }

    /** Waits for a record, a failure or the end. Returns what is left of the time; 0 or less: it is up. */
    long await(long timeoutNs, BooleanSupplier over) throws InterruptedException {
        long leftNs = timeoutNs;
        lock.lockInterruptibly();
        try {
            while (waiting.isEmpty() && failure == null && !stopped && leftNs > 0 && !over.getAsBoolean()) {
                leftNs = changed.awaitNanos(leftNs);
            }
            return leftNs;
        } finally {
            lock.unlock();
        }
    }

    /** Who waits looks again whether it is over. */
    void wake() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Nothing is handed out any more. */
    void stop() {
        lock.lock();
        try {
            stopped = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    boolean isStopped() {
        lock.lock();
        try {
            return stopped;
        } finally {
            lock.unlock();
        }
    }

    /** What was never handed out. After {@link #stop}. */
    List<LeasedRecord> takeAll() {
        lock.lock();
        try {
            List<LeasedRecord> all = new ArrayList<>(waiting);
            waiting.clear();
            lines.forEach(of -> all.addAll(of.takeBehind()));
            return all;
        } finally {
            lock.unlock();
        }
    }

    // ---- handlers, each with a number from 0 on

    void begin(int handler, LeasedRecord record) {
        atWork.set(handler, record);
    }

    /** False: somebody else has settled it. */
    boolean end(int handler, LeasedRecord record) {
        return atWork.compareAndSet(handler, record, null);
    }

    /** What a handler works on is not its own any more; null: nothing. */
    @Nullable
    LeasedRecord takeFrom(int handler) {
        return atWork.getAndSet(handler, null);
    }
}
