package io.headwater.broker.control;

import io.headwater.broker.net.Connection;
import io.headwater.broker.net.ControlMailbox;
import io.headwater.protocol.Frame;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.agrona.concurrent.ManyToOneConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * The control agent's mailbox. Requests are bounded and refused when it is full; answers of partitions are not, as each
 * belongs to a request that was taken, and neither are ends of connections. Any thread puts in, one takes out.
 */
public final class ControlQueue implements ControlMailbox, Executor {
    private static final int CAPACITY = 8192;

    private final ManyToOneConcurrentArrayQueue<Request> requests = new ManyToOneConcurrentArrayQueue<>(CAPACITY);
    private final Queue<Runnable> answers = new ManyToOneConcurrentLinkedQueue<>();
    private final Queue<Connection> closed = new ManyToOneConcurrentLinkedQueue<>();
    private volatile @Nullable Thread parked;

    /** A frame and who sent it. */
    record Request(Connection connection, Frame frame) {}

    @Override
    public boolean offer(Connection connection, Frame frame) {
        boolean taken = requests.offer(new Request(connection, frame));
        if (taken) {
            wake();
        }
        return taken;
    }

    @Override
    public void closed(Connection connection) {
        closed.add(connection);
        wake();
    }

    /** Runs this on the control thread, later. */
    @Override
    public void execute(Runnable answer) {
        answers.add(answer);
        wake();
    }

    private void wake() {
        VarHandle.fullFence();
        Thread waiting = parked;
        if (waiting != null) {
            LockSupport.unpark(waiting);
        }
    }

    /** Takes out what is there, not what is added meanwhile; returns how many. */
    int drain(Consumer<Request> onRequest, Consumer<Connection> onClosed) {
        int work = 0;
        for (Runnable answer = answers.poll(); answer != null; answer = work < CAPACITY ? answers.poll() : null) {
            answer.run();
            work++;
        }
        // Taken before the requests are: whoever is closed put its last frame in before that.
        List<Connection> gone = new ArrayList<>(0);
        for (Connection one = closed.poll(); one != null; one = gone.size() < CAPACITY ? closed.poll() : null) {
            gone.add(one);
        }
        work += requests.drain(onRequest, CAPACITY);
        gone.forEach(onClosed);
        work += gone.size();
        return work;
    }

    int depth() {
        return requests.size();
    }

    /** Waits until something is put in, or so long. On the control thread. */
    void await(long timeoutNs) {
        parked = Thread.currentThread();
        VarHandle.fullFence();
        try {
            if (requests.isEmpty() && answers.isEmpty() && closed.isEmpty()) {
                LockSupport.parkNanos(this, timeoutNs);
            }
        } finally {
            parked = null;
        }
    }
}
