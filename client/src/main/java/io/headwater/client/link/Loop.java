package io.headwater.client.link;

import java.util.concurrent.Executor;

/** The one thread that owns a client's state, with its clock. Tasks run one at a time, in the order given. */
public interface Loop extends Executor {
    /** The caller is that thread. */
    boolean isCurrent();

    /** Monotonic; only differences mean something. From any thread. */
    long nowNs();

    /** Runs the task later, on the loop. From any thread. */
    Timer schedule(long delayNs, Runnable task);

    /** A task that has not run yet. */
    interface Timer {
        void cancel();
    }
}
