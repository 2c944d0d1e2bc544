package io.headwater.broker.copy;

import io.headwater.broker.replica.Promises;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/** Where one replica keeps its promises: among those of all others in the data directory. */
public final class CopyPromises implements Promises {
    private final PromiseKeeper keeper;
    final long partitionId;
    private final Executor owner;
    private final IntConsumer durable;
    private final Consumer<Exception> lost;
    /** Guarded by the keeper. */
    boolean closed;

    /**
     * A promise for which a full disk has no room is tried again, see {@link PromiseKeeper#retry}.
     *
     * @param owner runs work on the thread that owns the partition, some time later
     * @param durable there, with the epoch: {@code Replica.onPromiseDurable}
     * @param lost there, when a promise could not be kept and never will be: halt the replica
     */
    public CopyPromises(
            PromiseKeeper keeper, long partitionId, Executor owner, IntConsumer durable, Consumer<Exception> lost) {
        this.keeper = keeper;
        this.partitionId = partitionId;
        this.owner = owner;
        this.durable = durable;
        this.lost = lost;
    }

    @Override
    public void store(int epoch) {
        keeper.store(this, epoch);
    }

    /**
     * The replica ends: after this nothing is written for the partition. Before its data is deleted. May wait for one sync
     * of the marks.
     */
    public void close() {
        keeper.close(this);
    }

    void tellDurable(int epoch) {
        owner.execute(() -> durable.accept(epoch));
    }

    void tellLost(Exception cause) {
        owner.execute(() -> lost.accept(cause));
    }
}
