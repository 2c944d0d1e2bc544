package io.headwater.broker.cluster;

import io.headwater.broker.metadata.Adoption;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.wire.AdoptMetadata;
import io.headwater.broker.metadata.wire.Command;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What this broker knew while it stood alone goes into the log of the cluster that it founds. The start turns its crank. */
final class Adopting {
    private final ClusterMetadata metadata;
    private final Member member;
    private final Queue<AdoptMetadata> left;
    private final long startNs;
    private @Nullable CompletableFuture<Outcome> underWay;

    /** @param all in order: {@link Adoption#of} */
    Adopting(ClusterMetadata metadata, Member member, List<AdoptMetadata> all) {
        this.metadata = metadata;
        this.member = member;
        this.startNs = member.ports().nanoClock().nanoTime();
        this.left = new ArrayDeque<>(all);
    }

    /**
     * One step. True: all of it is agreed on.
     *
     * @throws IOException if it is not, in the time of a start; the next start begins anew
     */
    boolean doWork() throws IOException {
        while (metadata.doWork() > 0) {
            // What comes next may be what this waits for.
        }
        CompletableFuture<Outcome> under = underWay;
        if (under != null && under.isDone()) {
            underWay = null;
            requireCommitted(under);
        }
        if (underWay == null && left.isEmpty()) {
            return true;
        }
        if (underWay == null && metadata.isWritable()) {
            underWay = metadata.propose(Command.newBuilder()
                            .setProposedAtMs(member.ports().epochClock().time())
                            .setAdoptMetadata(left.remove())
                            .build())
                    .toCompletableFuture();
        }
        long waitedMs = TimeUnit.NANOSECONDS.toMillis(member.ports().nanoClock().nanoTime() - startNs);
        if (waitedMs > member.settings().timing().startMs()) {
            throw new IOException("the cluster's metadata were not founded within " + waitedMs + " ms");
        }
        return false;
    }

    private static void requireCommitted(CompletableFuture<Outcome> done) throws IOException {
        try {
            if (done.join() instanceof Outcome.Refused refused) {
                throw new IOException(refused.message());
            }
        } catch (CompletionException e) {
            throw new IOException("the cluster's metadata cannot be founded: " + e.getCause(), e);
        }
    }
}
