package io.headwater.broker.cluster;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.peer.wire.Join;
import io.headwater.broker.peer.wire.Joined;
import io.headwater.broker.peer.wire.PeerMessage;
import java.io.IOException;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Asks one seed after the other to let this broker in, for as long as a start may take. On the thread that starts it. */
final class Joining {
    private static final long JOIN_MS = 10_000;
    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(200);

    private final ClusterSettings settings;
    private final ClusterPorts ports;
    private final PeerMessage question;
    private final long startNs;
    private final StringBuilder problems = new StringBuilder();
    private @Nullable CompletableFuture<PeerMessage> asked;
    private int next;
    private long notBeforeNs;

    Joining(UUID run, ClusterSettings settings, ClusterPorts ports) {
        this.settings = settings;
        this.ports = ports;
        this.question = PeerMessage.newBuilder()
                .setJoin(Join.newBuilder()
                        .setDirectoryId(ports.marks().directoryId().toString())
                        .setRun(run.toString())
                        .setClientEndpoint(settings.clientEndpoint())
                        .setPeerEndpoint(settings.peerEndpoint())
                        .setRack(settings.rack())
                        .addAllFeatures(Registration.features(settings)))
                .build();
        this.startNs = ports.nanoClock().nanoTime();
        this.notBeforeNs = startNs;
    }

    /**
     * One step. Null: it is not let in yet.
     *
     * @throws IOException nobody did within the time
     */
    @Nullable
    Joined doWork() throws IOException {
        long nowNs = ports.nanoClock().nanoTime();
        CompletableFuture<PeerMessage> under = asked;
        if (under == null) {
            if (nowNs - notBeforeNs >= 0) {
                askNext(nowNs);
            }
            return null;
        }
        if (!under.isDone()) {
            return null;
        }
        HostPort seed = settings.seeds().get(next);
        String problem;
        try {
            PeerMessage answer = under.join();
            problem = Answers.problem(answer, null);
            if (problem == null) {
                return answer.getJoined();
            }
        } catch (CompletionException e) {
            problem = Answers.problem(null, e);
        }
        problems.append("; ").append(seed).append(": ").append(problem);
        asked = null;
        next++;
        if (next == settings.seeds().size()) {
            next = 0;
            notBeforeNs = nowNs + PAUSE_NS;
        }
        return null;
    }

    private void askNext(long nowNs) throws IOException {
        if (next == 0) {
            if (nowNs - startNs
                    >= TimeUnit.MILLISECONDS.toNanos(settings.timing().startMs())) {
                throw new IOException("this broker cannot join a cluster: nobody that it was told of let it in within "
                        + settings.timing().startMs() + " ms" + problems);
            }
            problems.setLength(0);
        }
        asked = ports.peers().ask(settings.seeds().get(next), question, JOIN_MS).toCompletableFuture();
    }
}
