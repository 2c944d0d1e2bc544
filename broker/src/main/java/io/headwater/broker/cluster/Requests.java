package io.headwater.broker.cluster;

import io.headwater.broker.metadata.MetadataCodec;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.FenceNode;
import io.headwater.broker.metadata.wire.RegisterNode;
import io.headwater.broker.peer.wire.Join;
import io.headwater.broker.peer.wire.Joined;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.peer.wire.Propose;
import io.headwater.broker.peer.wire.Proposed;
import io.headwater.protocol.wire.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** What other brokers ask a member, and what it answers. On the owner's thread. */
final class Requests {
    private static final long FORWARD_MS = 8_000;

    private final ClusterMetadata metadata;
    private final Member member;

    Requests(ClusterMetadata metadata, Member member) {
        this.metadata = metadata;
        this.member = member;
    }

    void asked(int node, PeerMessage question, Consumer<PeerMessage> answer) {
        switch (question.getBodyCase()) {
            case JOIN -> join(question.getJoin(), answer);
            case PROPOSE -> propose(node, question.getPropose(), answer);
            case FETCH_METADATA -> metadata.feed().asked(question.getFetchMetadata(), answer, metadata.nowNs());
            case BECOME_VOTER -> becomeVoter(question.getBecomeVoter().getVoter(), answer);
            default -> answer.accept(Answers.failure("a question of this kind has no place here"));
        }
    }

    private void becomeVoter(String voter, Consumer<PeerMessage> answer) {
        if (voter.equals(member.name().toString())) {
            metadata.becomeVoter(answer);
        } else {
            answer.accept(
                    Answers.failure("voter: " + voter + " (expected: " + member.name() + ", which this node is)"));
        }
    }

    /** Whoever leads registers the new node, which gives it its id. */
    private void join(Join join, Consumer<PeerMessage> answer) {
        int controller = metadata.controllerNode();
        if (!metadata.isMember()) {
            // A founding that fails begins anew, and knows of nobody then.
            answer.accept(Answers.failure("this cluster is being founded at this moment"));
        } else if (metadata.leading() != null) {
            register(join, answer);
        } else if (join.getForwarded() || controller == 0 || controller == member.nodeId()) {
            answer.accept(Answers.failure("nobody is known to lead the cluster's voters"));
        } else {
            PeerMessage forwarded = PeerMessage.newBuilder()
                    .setJoin(join.toBuilder().setForwarded(true))
                    .build();
            member.ports()
                    .peers()
                    .ask(controller, forwarded, List.of(), FORWARD_MS)
                    .whenComplete((reply, failure) -> {
                        String problem = Answers.problem(reply, failure);
                        answer.accept(
                                problem != null
                                        ? Answers.failure(problem)
                                        : PeerMessage.newBuilder()
                                                .setJoined(reply.getJoined())
                                                .build());
                    });
        }
    }

    private void register(Join join, Consumer<PeerMessage> answer) {
        RegisterNode.Builder register = RegisterNode.newBuilder()
                .setDirectoryId(join.getDirectoryId())
                .setRun(join.getRun())
                .setClientEndpoint(join.getClientEndpoint())
                .setPeerEndpoint(join.getPeerEndpoint())
                .setRack(join.getRack())
                .addAllFeatures(join.getFeaturesList());
        Command command = Command.newBuilder()
                .setProposedAtMs(member.ports().epochClock().time())
                .setRegisterNode(register)
                .build();
        metadata.propose(command).whenComplete((outcome, failure) -> {
            if (failure != null) {
                answer.accept(Answers.failure(String.valueOf(Answers.problem(null, failure))));
            } else if (outcome instanceof Outcome.Refused refused) {
                answer.accept(Answers.failure(refused.message()));
            } else {
                Outcome.Committed committed = (Outcome.Committed) outcome;
                answer.accept(PeerMessage.newBuilder()
                        .setJoined(Joined.newBuilder()
                                .setClusterId(member.clusterId())
                                .setNodeId(Math.toIntExact(committed.id()))
                                .setSnapshot(MetadataCodec.snapshot(committed.image())))
                        .build());
            }
        });
    }

    private void propose(int node, Propose propose, Consumer<PeerMessage> answer) {
        if (metadata.leading() == null) {
            answer.accept(PeerMessage.newBuilder()
                    .setProposed(Proposed.newBuilder().setNotLeader(true).setLeader(metadata.leader()))
                    .build());
            return;
        }
        List<CompletableFuture<Outcome>> outcomes = new ArrayList<>();
        for (Command command : propose.getCommandsList()) {
            outcomes.add(
                    contradicts(node, command)
                            ? CompletableFuture.completedFuture(copyOfALivingNode(node))
                            : metadata.leadingVoter().propose(command).toCompletableFuture());
        }
        CompletableFuture<Void> all = CompletableFuture.allOf(outcomes.toArray(CompletableFuture[]::new));
        CompletableFuture<Void> unused = all.whenComplete((none, failure) -> {
            if (failure != null) {
                answer.accept(Answers.failure(String.valueOf(Answers.problem(null, failure))));
                return;
            }
            Proposed.Builder proposed = Proposed.newBuilder();
            outcomes.forEach(outcome -> proposed.addResults(Answers.result(outcome.join())));
            answer.accept(PeerMessage.newBuilder().setProposed(proposed).build());
        });
    }

    /** A node that says its last run is over, while that run is heard of: one of the two works on a copy. */
    private boolean contradicts(int node, Command command) {
        FenceNode fence = command.getFenceNode();
        Leading leading = metadata.leading();
        return command.hasFenceNode()
                && fence.getNodeId() == node
                && leading != null
                && leading.isHeardOf(node, fence.getIncarnation(), metadata.nowNs());
    }

    private static Outcome copyOfALivingNode(int node) {
        return new Outcome.Refused(
                ErrorCode.ERROR_INVALID_CONFIG,
                "node " + node
                        + ": its last run is heard of still; if that has not ended, one of the two works on a copy "
                        + "of the data directory and must not run");
    }
}
