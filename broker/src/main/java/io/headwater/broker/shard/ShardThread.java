package io.headwater.broker.shard;

import io.headwater.protocol.wire.Error;
import java.util.function.Consumer;

/** Takes a shard's turns, one after the other, and sleeps when there is nothing to do. */
final class ShardThread {
    private final Shard shard;
    private final Thread thread;
    private final Consumer<Throwable> onFatal;
    private volatile boolean stop;

    ShardThread(Shard shard, String name, Consumer<Throwable> onFatal) {
        this.shard = shard;
        this.onFatal = onFatal;
        this.thread = new Thread(this::run, name);
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Ends after the turn that is running; refuses what is in the mailbox then. Waits for it. */
    void stop(Error why) throws InterruptedException {
        stop = true;
        shard.mailbox().poke();
        thread.join();
        shard.mailbox().refuseAll(why);
    }

    private void run() {
        try {
            while (!stop) {
                if (shard.doWork() == 0) {
                    shard.mailbox().sleep(shard.nextTurnInNs());
                }
            }
        } catch (Throwable e) {
            // A broken invariant: to go on could harm data, and to stop this owner alone would leave clients waiting.
            onFatal.accept(e);
        }
    }
}
