package io.headwater.broker.cluster;

import io.headwater.broker.consensus.Voter;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.peer.Peers;
import io.headwater.broker.peer.wire.BecomeVoter;
import io.headwater.broker.peer.wire.PeerMessage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that the metadata has as many voters as it should, on nodes that are there. On the node that leads, on the
 * owner's thread.
 */
final class VoterSeats {
    private static final Logger LOG = LoggerFactory.getLogger(VoterSeats.class);

    /** Fewer than this, and one is as good: two of two are needed, where of three one may be missing. */
    private static final int VOTERS = 3;

    private static final long LOOK_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long AGAIN_NS = TimeUnit.SECONDS.toNanos(5);
    private static final long BECOME_MS = 20_000;
    /** An attempt of which nothing is heard any more. */
    private static final long STUCK_NS = TimeUnit.SECONDS.toNanos(60);

    private final Peers peers;
    private final ClusterMailbox mailbox;
    private final Voter quorum;
    private final long lostNs;
    /** Since when which node is fenced, as far as this leader has seen. */
    private final SortedMap<Integer, Long> fencedSinceNs = new TreeMap<>();

    private long lookNs;
    private int attempt;
    private long startedNs;
    private boolean underWay;

    VoterSeats(Peers peers, ClusterMailbox mailbox, Voter quorum, long lostMs, long nowNs) {
        this.peers = peers;
        this.mailbox = mailbox;
        this.quorum = quorum;
        this.lostNs = TimeUnit.MILLISECONDS.toNanos(lostMs);
        this.lookNs = nowNs;
    }

    int doWork(MetadataImage image, long nowNs) {
        if (nowNs - lookNs < 0) {
            return 0;
        }
        lookNs = nowNs + LOOK_NS;
        for (NodeInfo node : image.nodes()) {
            if (node.fenced()) {
                fencedSinceNs.putIfAbsent(node.nodeId(), nowNs);
            } else {
                fencedSinceNs.remove(node.nodeId());
            }
        }
        List<String> present = quorum.voters();
        List<String> wanted = wanted(present, image, node -> {
            Long since = fencedSinceNs.get(node.nodeId());
            return since != null && nowNs - since >= lostNs;
        });
        if (present.isEmpty() || new HashSet<>(present).equals(new HashSet<>(wanted))) {
            return 0;
        }
        change(present, wanted, nowNs);
        return 1;
    }

    long nextInNs(long nowNs) {
        return Math.max(0, lookNs - nowNs);
    }

    /**
     * Who should vote: those who do and are not lost, and as many others as are missing.
     *
     * @param lost whether a node that is fenced has been so for too long
     */
    static List<String> wanted(List<String> present, MetadataImage image, Predicate<NodeInfo> lost) {
        List<NodeInfo> kept = new ArrayList<>();
        int leaving = 0;
        for (String name : present) {
            VoterName voter = VoterName.parse(name);
            NodeInfo node = image.node(voter.node());
            if (node != null && node.directoryId().equals(voter.directory()) && !node.draining() && !lost.test(node)) {
                kept.add(node);
            } else {
                leaving++;
            }
        }
        List<NodeInfo> others = candidates(present, image);
        int live = (int) kept.stream().filter(node -> !node.fenced()).count() + others.size();
        int missing = Math.max(present.size(), live >= VOTERS ? VOTERS : 1) - kept.size();
        if (missing <= 0 || (leaving > 0 && others.size() < leaving)) {
            return present;
        }
        List<NodeInfo> voters = new ArrayList<>(kept);
        while (missing > 0 && !others.isEmpty()) {
            NodeInfo next = best(others, voters);
            others.remove(next);
            voters.add(next);
            missing--;
        }
        return voters.stream().map(node -> VoterName.of(node).toString()).toList();
    }

    private static List<NodeInfo> candidates(List<String> present, MetadataImage image) {
        List<NodeInfo> candidates = new ArrayList<>();
        for (NodeInfo node : image.nodes()) {
            if (!node.fenced()
                    && !node.draining()
                    && !node.details().peerEndpoint().isEmpty()
                    && !present.contains(VoterName.of(node).toString())) {
                candidates.add(node);
            }
        }
        return candidates;
    }

    /** In a rack that has none yet; among equals the lowest id. */
    private static NodeInfo best(List<NodeInfo> candidates, List<NodeInfo> voters) {
        Set<String> racks = new HashSet<>();
        voters.forEach(node -> racks.add(node.details().rack()));
        Comparator<NodeInfo> otherRack =
                Comparator.comparing(node -> racks.contains(node.details().rack()));
        return candidates.stream()
                .min(otherRack.thenComparing(NodeInfo::nodeId))
                .orElseThrow();
    }

    private void change(List<String> present, List<String> wanted, long nowNs) {
        if (underWay && nowNs - startedNs < STUCK_NS) {
            return;
        }
        underWay = true;
        startedNs = nowNs;
        int number = ++attempt;
        LOG.info("cluster: voters of the metadata: {} are to become {}", present, wanted);
        Stream<CompletableFuture<Void>> started =
                wanted.stream().filter(voter -> !present.contains(voter)).map(this::becomeVoter);
        CompletableFuture<Void> unused = CompletableFuture.allOf(started.toArray(CompletableFuture[]::new))
                .whenComplete((none, failure) -> mailbox.execute(() -> {
                    if (number == attempt && failure == null) {
                        setVoters(wanted, number);
                    } else {
                        ended(wanted, number, failure);
                    }
                }));
    }

    private CompletableFuture<Void> becomeVoter(String voter) {
        PeerMessage message = PeerMessage.newBuilder()
                .setBecomeVoter(BecomeVoter.newBuilder().setVoter(voter))
                .build();
        return peers.ask(VoterName.nodeOf(voter), message, List.of(), BECOME_MS)
                .handle((answer, failure) -> {
                    String problem = Answers.problem(answer, failure);
                    if (problem != null) {
                        throw new CompletionException(new IllegalStateException(voter + ": " + problem));
                    }
                    return (Void) null;
                })
                .toCompletableFuture();
    }

    private void setVoters(List<String> wanted, int number) {
        quorum.setVoters(wanted).whenComplete((none, failure) -> mailbox.execute(() -> ended(wanted, number, failure)));
    }

    private void ended(List<String> wanted, int number, @Nullable Throwable failure) {
        if (number != attempt) {
            return;
        }
        underWay = false;
        if (failure == null) {
            LOG.info("cluster: voters of the metadata: {}", wanted);
        } else {
            LOG.warn(
                    "cluster: the voters of the metadata could not be changed to {}; tried again later",
                    wanted,
                    failure);
            lookNs += AGAIN_NS;
        }
    }
}
