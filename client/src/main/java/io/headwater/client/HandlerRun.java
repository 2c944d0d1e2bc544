package io.headwater.client;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The threads that work on a consumer's records, one of them the caller's. They end together. */
final class HandlerRun {
    /** Where they get their records, and what becomes of these. */
    interface Work {
        /** Waits for the next record; null: it is over. */
        @Nullable
        LeasedRecord next(int handler, HandlerRun run) throws InterruptedException;

        void done(int handler, LeasedRecord record, Settlement settlement);

        /** Makes those who wait look again. */
        void wake();
    }

    private final Work work;
    private final QueueConsumer.Handler handler;
    private final List<Thread> threads = new ArrayList<>();
    private final CountDownLatch atWork;
    private volatile boolean over;
    private @Nullable RuntimeException failure;
    private @Nullable Error error;

    /** To be run by the thread that made it. */
    HandlerRun(Work work, QueueConsumer.Handler handler, int concurrency, String name) {
        this.work = work;
        this.handler = handler;
        this.atWork = new CountDownLatch(concurrency);
        threads.add(Thread.currentThread());
        for (int i = 1; i < concurrency; i++) {
            int number = i;
            Thread thread = new Thread(() -> loop(number), name + "-" + i);
            thread.setDaemon(true);
            threads.add(thread);
        }
    }

    /** Returns when all have ended; throws what the first of them failed with. */
    void run() {
        threads.subList(1, threads.size()).forEach(Thread::start);
        loop(0);
        boolean interrupted = false;
        while (atWork.getCount() > 0) {
            try {
                atWork.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        rethrow();
    }

    private synchronized void rethrow() {
        if (error != null) {
            throw error;
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void loop(int number) {
        try {
            LeasedRecord record = work.next(number, this);
            while (record != null) {
                handle(number, record);
                record = work.next(number, this);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            failed(e, null);
        } catch (Error e) {
            failed(null, e);
        } finally {
            over = true;
            work.wake();
            atWork.countDown();
        }
    }

    private void handle(int number, LeasedRecord record) throws InterruptedException {
        Settlement settlement = Settlement.ack();
        try {
            handler.handle(record);
        } catch (InterruptedException e) {
            settlement = Settlement.release();
            throw e;
        } catch (Exception | Error e) {
            settlement = Settlement.fail(reason(e));
            if (e instanceof Error fatal) {
                throw fatal;
            }
        } finally {
            work.done(number, record, settlement);
        }
    }

    private static String reason(Throwable e) {
        String message = e.getMessage();
        return message == null || message.isEmpty() ? e.getClass().getName() : message;
    }

    private synchronized void failed(@Nullable RuntimeException why, @Nullable Error fatal) {
        if (failure == null && error == null) {
            failure = why;
            error = fatal;
        }
    }

    boolean isOver() {
        return over;
    }

    boolean isCurrentThread() {
        return threads.contains(Thread.currentThread());
    }

    /** False: some still work. */
    boolean await(long timeoutNs) throws InterruptedException {
        return atWork.await(timeoutNs, TimeUnit.NANOSECONDS);
    }

    void interrupt() {
        threads.forEach(Thread::interrupt);
    }
}
