package io.headwater.broker.cluster;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.FeatureRange;
import io.headwater.broker.metadata.wire.RegisterNode;
import java.io.IOException;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Registers this run of the process, in place of the run before: the start turns its crank until the picture shows it. The lock of the
 * data directory proves that an earlier run of this directory is over; so such a run is fenced first, and no other.
 */
final class Registration {
    private static final long AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(100);

    private final ClusterMetadata metadata;
    private final Member member;
    private final List<String> earlierRuns;
    private final long startNs;
    private final boolean known;
    private @Nullable CompletableFuture<Outcome> registered;
    private long againNs;
    private String problem = "";

    Registration(ClusterMetadata metadata, Member member, List<String> earlierRuns) {
        this.metadata = metadata;
        this.member = member;
        this.earlierRuns = earlierRuns;
        this.startNs = nowNs();
        this.againNs = startNs;
        this.known = metadata.image().node(member.nodeId()) != null;
    }

    /** One step. True: the picture shows this run. */
    boolean doWork() throws IOException {
        while (metadata.doWork() > 0) {
            // What comes next may be what this waits for.
        }
        if (member.registered(metadata.image()) != null) {
            return true;
        }
        if (nowNs() - startNs
                > TimeUnit.MILLISECONDS.toNanos(member.settings().timing().startMs())) {
            throw new IOException(complaint());
        }
        CompletableFuture<Outcome> under = registered;
        if (under != null) {
            if (!under.isDone()) {
                return false;
            }
            registered = null;
            againNs = nowNs() + AGAIN_NS;
        }
        if (nowNs() - againNs >= 0) {
            propose();
        }
        return false;
    }

    private void propose() throws IOException {
        NodeInfo before = metadata.image().node(member.nodeId());
        if (known && before == null) {
            throw new IOException("cluster " + member.clusterId() + ": node " + member.nodeId()
                    + " is no member any more (expected: a data directory of a member, or a fresh one to join with)");
        }
        if (before != null && !before.fenced() && earlierRuns.contains(before.run())) {
            note(metadata.propose(timed(Commands.fence(before))));
        }
        registered = metadata.propose(timed(register())).toCompletableFuture();
        note(registered);
    }

    private void note(CompletionStage<Outcome> proposed) {
        proposed.whenComplete((outcome, failure) -> {
            if (failure != null) {
                Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
                problem = String.valueOf(cause == null ? failure : cause.getMessage());
            } else if (outcome instanceof Outcome.Refused refused) {
                problem = refused.message();
            }
        });
    }

    private String complaint() {
        StringJoiner members = new StringJoiner(", ");
        MetadataImage image = metadata.image();
        for (NodeInfo node : image.nodes()) {
            if (node.nodeId() != member.nodeId()) {
                members.add("node " + node.nodeId() + " at " + node.details().peerEndpoint());
            }
        }
        String heard = metadata.lastProblem();
        return "cluster " + member.clusterId() + ": this broker cannot register as its node " + member.nodeId()
                + " within "
                + member.settings().timing().startMs() + " ms: "
                + (problem.isEmpty() ? "nobody is known to lead the cluster's voters" : problem)
                + (heard.isEmpty() ? "" : "; " + heard)
                + " (the other members that it knows: " + (members.length() == 0 ? "none" : members) + ")";
    }

    private long nowNs() {
        return member.ports().nanoClock().nanoTime();
    }

    private Command timed(Command.Builder command) {
        return command.setProposedAtMs(member.ports().epochClock().time()).build();
    }

    private Command.Builder register() {
        ClusterSettings settings = member.settings();
        return Command.newBuilder()
                .setRegisterNode(RegisterNode.newBuilder()
                        .setNodeId(member.nodeId())
                        .setDirectoryId(member.name().directory())
                        .setRun(member.run())
                        .setClientEndpoint(settings.clientEndpoint())
                        .setPeerEndpoint(settings.peerEndpoint())
                        .setRack(settings.rack())
                        .addAllFeatures(features(settings)));
    }

    static List<FeatureRange> features(ClusterSettings settings) {
        return settings.features().entrySet().stream()
                .map(feature -> FeatureRange.newBuilder()
                        .setName(feature.getKey())
                        .setMin(feature.getValue().min())
                        .setMax(feature.getValue().max())
                        .build())
                .toList();
    }
}
