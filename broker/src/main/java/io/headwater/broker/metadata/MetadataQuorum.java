package io.headwater.broker.metadata;

import io.headwater.broker.metadata.wire.Command;
import java.util.concurrent.CompletionStage;

/**
 * The port to the log that orders what the cluster agrees on. One thread, the owner, proposes and turns the crank;
 * the picture may be read by any thread.
 */
public interface MetadataQuorum extends AutoCloseable {
    /**
     * Asks for a command to be agreed on. Commands are applied in the order in which they were proposed.
     *
     * @return completed by a later {@link #doWork}: the outcome, after it is durable; or, with a
     *     {@link MetadataUnavailableException}, not, or nobody knows, as it says
     */
    CompletionStage<Outcome> propose(Command command);

    /** Makes what was proposed durable and completes it; the owner calls it once a turn. Returns how many. */
    int doWork();

    /** How long {@link #doWork} need not be called if nothing is proposed and nobody wakes the owner; on its thread. */
    default long nextInNs() {
        return Long.MAX_VALUE;
    }

    /** What is agreed on and durable. Any thread. */
    MetadataImage image();

    /** False after a failed write, until one succeeds again. Any thread. */
    boolean isWritable();

    /** Is told of each command that took effect, in order, before its proposer is; on the owner's thread. */
    void listener(Listener listener);

    @Override
    void close();

    /** Hears what was agreed on. */
    interface Listener {
        void applied(MetadataImage image, Command command);

        /** Much was agreed on at once, and nobody can say what: this is the picture now. */
        default void replaced(MetadataImage image) {}
    }
}
