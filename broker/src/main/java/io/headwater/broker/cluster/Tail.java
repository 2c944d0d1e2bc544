package io.headwater.broker.cluster;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.metadata.MetadataCodec;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.MetadataMachine;
import io.headwater.broker.metadata.MetadataQuorum;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.peer.Peers;
import io.headwater.broker.peer.wire.FetchMetadata;
import io.headwater.broker.peer.wire.MetadataNews;
import io.headwater.broker.peer.wire.PeerMessage;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a node that is no voter, or one whom no leader speaks to, learns of the metadata: it asks a voter what came after its
 * own picture, and asks again when that is answered. On the owner's thread.
 */
final class Tail {
    private static final Logger LOG = LoggerFactory.getLogger(Tail.class);
    private static final int WAIT_MS = 2_000;
    private static final long ANSWER_MS = 4_000;
    /** So many in a row that have no answer, and whoever led when one last had may lead no longer. */
    private static final int FORGET_LEADER = 3;

    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(100);

    /** Takes what was heard. */
    interface Listener extends MetadataQuorum.Listener {
        void leaderHeard(String voter);
    }

    private final Peers peers;
    private final ClusterMailbox mailbox;
    private final List<HostPort> seeds;
    private final Listener listener;
    private List<String> voters = List.of();
    private boolean asking;
    /** How many in a row had no answer: the next in the list is asked then. */
    private int failures;

    private long notBeforeNs;
    private String lastProblem = "";

    Tail(Peers peers, ClusterMailbox mailbox, List<HostPort> seeds, Listener listener, long nowNs) {
        this.peers = peers;
        this.mailbox = mailbox;
        this.seeds = seeds;
        this.listener = listener;
        this.notBeforeNs = nowNs;
    }

    /** @param leader the node that leads as far as known, 0: nobody */
    int doWork(long nowNs, MetadataImage image, int self, int leader) {
        if (asking || nowNs - notBeforeNs < 0) {
            return 0;
        }
        List<Integer> nodes = whomToAsk(image, self, leader);
        notBeforeNs = nowNs + (failures == 0 ? 0 : PAUSE_NS);
        if (nodes.isEmpty() && seeds.isEmpty()) {
            notBeforeNs = nowNs + PAUSE_NS;
            return 0;
        }
        asking = true;
        long after = image.appliedIndex();
        PeerMessage question = PeerMessage.newBuilder()
                .setFetchMetadata(
                        // Whoever does not know who leads cannot wait: nobody hears of it until it does.
                        FetchMetadata.newBuilder().setAfterIndex(after).setWaitMs(leader == 0 ? 0 : WAIT_MS))
                .build();
        int at = failures % (nodes.size() + seeds.size());
        CompletionStage<PeerMessage> asked = at < nodes.size()
                ? peers.ask(nodes.get(at), question, List.of(), ANSWER_MS)
                : peers.ask(seeds.get(at - nodes.size()), question, ANSWER_MS);
        asked.whenComplete((answer, failure) -> mailbox.execute(() -> {
            asking = false;
            String problem = Answers.problem(answer, failure);
            if (answer == null || problem != null) {
                failures++;
                lastProblem = String.valueOf(problem);
                if (failures >= FORGET_LEADER) {
                    listener.leaderHeard("");
                }
            } else {
                failures = 0;
                take(answer.getMetadataNews(), image);
            }
        }));
        return 1;
    }

    /** Whoever leads knows first; then the other voters; then anybody, since all this may be old. */
    private List<Integer> whomToAsk(MetadataImage image, int self, int leader) {
        Set<Integer> nodes = new LinkedHashSet<>();
        nodes.add(leader);
        voters.forEach(voter -> nodes.add(VoterName.nodeOf(voter)));
        for (NodeInfo node : image.nodes()) {
            nodes.add(node.nodeId());
        }
        nodes.remove(0);
        nodes.remove(self);
        return new ArrayList<>(nodes);
    }

    private void take(MetadataNews news, MetadataImage from) {
        voters = List.copyOf(news.getVotersList());
        listener.leaderHeard(news.getLeader());
        if (news.hasSnapshot()) {
            MetadataImage next = MetadataCodec.image(news.getSnapshot());
            if (next.clusterId().equals(from.clusterId())) {
                listener.replaced(next);
            } else {
                failures++;
                lastProblem = "it belongs to cluster " + next.clusterId() + " (expected: " + from.clusterId() + ")";
                LOG.error("cluster {}: a node that was asked for the metadata: {}", from.clusterId(), lastProblem);
            }
            return;
        }
        MetadataImage image = from;
        for (Command command : news.getCommandsList()) {
            if (!(MetadataMachine.apply(image, image.appliedIndex() + 1, command)
                    instanceof Outcome.Committed committed)) {
                throw new IllegalStateException("metadata: what took effect elsewhere after " + image.appliedIndex()
                        + " is refused here: " + command);
            }
            image = committed.image();
            listener.applied(image, command);
        }
    }

    /** Why the last question that had no answer had none; empty: all had one. */
    String lastProblem() {
        return lastProblem;
    }

    /** When there is something to ask; Long.MAX_VALUE: when the answer is here. */
    long nextInNs(long nowNs) {
        return asking ? Long.MAX_VALUE : Math.max(0, notBeforeNs - nowNs);
    }
}
