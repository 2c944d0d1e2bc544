package io.headwater.broker.cluster;

import io.headwater.broker.consensus.Voter;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.MetadataUnavailableException;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.peer.Peers;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.peer.wire.Propose;
import io.headwater.broker.peer.wire.Proposed;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What this node wants agreed on, on its way to whoever leads: in the order in which it was proposed, so only one message is
 * under way at a time. Nothing is proposed twice: what nobody can say the outcome of fails, as unknown. On the owner's thread.
 */
final class Proposals {
    private static final int MOST_BYTES = 16 << 10;
    private static final long ANSWER_MS = 5_000;
    private static final long AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long AVOID_NS = TimeUnit.SECONDS.toNanos(1);

    private record Waiting(Command command, CompletableFuture<Outcome> done, long sinceNs) {}

    /** Agreed on elsewhere; it is answered when our picture shows it. */
    private record Agreed(Proposed.Result result, CompletableFuture<Outcome> done, long sinceNs) {}

    private final Peers peers;
    private final ClusterMailbox mailbox;
    private final Consumer<String> leaderHeard;
    private final long retryNs;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private final Deque<Agreed> agreed = new ArrayDeque<>();
    private boolean underWay;
    private long notBeforeNs;
    /** It did not answer, and is not asked for a while: it would only be one more unknown outcome. 0: nobody. */
    private int avoided;

    private long avoidedNs;
    private long nowNs;
    private String lastProblem = "nobody is known to lead the cluster's voters";

    /** @param leaderHeard hears which voter leads, as another node says; empty: it does not know */
    Proposals(Peers peers, ClusterMailbox mailbox, Consumer<String> leaderHeard, long retryMs, long nowNs) {
        this.peers = peers;
        this.mailbox = mailbox;
        this.leaderHeard = leaderHeard;
        this.retryNs = TimeUnit.MILLISECONDS.toNanos(retryMs);
        this.nowNs = nowNs;
        this.notBeforeNs = nowNs;
    }

    CompletionStage<Outcome> propose(Command command) {
        CompletableFuture<Outcome> done = new CompletableFuture<>();
        waiting.add(new Waiting(command, done, nowNs));
        return done.minimalCompletionStage();
    }

    /**
     * @param leading our voter, if it leads
     * @param leader the node of the voter that leads, as far as known; 0: nobody
     */
    int doWork(long now, MetadataImage image, @Nullable Voter leading, int leader, int self) {
        nowNs = now;
        int work = complete(image);
        if (!waiting.isEmpty() && !underWay) {
            if (leading != null) {
                work += waiting.size();
                proposeHere(leading);
            } else if (leader != 0 && leader != self && nowNs - notBeforeNs >= 0 && !isAvoided(leader)) {
                work++;
                forward(leader);
            }
        }
        return work + giveUp();
    }

    private boolean isAvoided(int node) {
        return node == avoided && nowNs - avoidedNs < AVOID_NS;
    }

    /** What is sent to this node is lost, for now. */
    void avoid(int node) {
        avoided = node;
        avoidedNs = nowNs;
    }

    private void proposeHere(Voter leading) {
        for (Waiting each = waiting.poll(); each != null; each = waiting.poll()) {
            CompletableFuture<Outcome> done = each.done();
            leading.propose(each.command()).whenComplete((outcome, failure) -> {
                if (failure == null) {
                    done.complete(outcome);
                } else {
                    done.completeExceptionally(failure);
                }
            });
        }
    }

    private void forward(int leader) {
        List<Waiting> batch = new ArrayList<>();
        Propose.Builder propose = Propose.newBuilder();
        int bytes = 0;
        while (!waiting.isEmpty()
                && (batch.isEmpty() || bytes + waiting.element().command().getSerializedSize() <= MOST_BYTES)) {
            Waiting next = waiting.remove();
            bytes += next.command().getSerializedSize();
            propose.addCommands(next.command());
            batch.add(next);
        }
        underWay = true;
        peers.ask(leader, PeerMessage.newBuilder().setPropose(propose).build(), List.of(), ANSWER_MS)
                .whenComplete((answer, failure) -> mailbox.execute(() -> {
                    underWay = false;
                    String problem = Answers.problem(answer, failure);
                    if (answer != null && problem == null) {
                        answered(batch, answer.getProposed());
                        return;
                    }
                    avoid(leader);
                    if (Answers.isUnsent(failure)) {
                        again(batch, "node " + leader + " cannot be reached: " + problem);
                    } else {
                        MetadataUnavailableException unknown =
                                unavailable("nobody can say what became of it: " + problem);
                        batch.forEach(each -> each.done().completeExceptionally(unknown));
                    }
                }));
    }

    private void answered(List<Waiting> batch, Proposed proposed) {
        if (proposed.getNotLeader()) {
            again(batch, "the node that was asked does not lead the cluster's voters");
            leaderHeard.accept(proposed.getLeader());
            return;
        }
        for (int i = 0; i < batch.size(); i++) {
            if (i < proposed.getResultsCount()) {
                agreed.add(new Agreed(proposed.getResults(i), batch.get(i).done(), nowNs));
            } else {
                batch.get(i).done().completeExceptionally(unavailable("its outcome is missing in the answer"));
            }
        }
    }

    /** Nothing of it was proposed: it goes back to where it came from. */
    private void again(List<Waiting> batch, String why) {
        for (int i = batch.size() - 1; i >= 0; i--) {
            waiting.addFirst(batch.get(i));
        }
        lastProblem = why;
        notBeforeNs = nowNs + AGAIN_NS;
    }

    private int complete(MetadataImage image) {
        int work = 0;
        while (!agreed.isEmpty()) {
            Agreed next = agreed.element();
            Proposed.Result result = next.result();
            if (result.getIndex() > image.appliedIndex()) {
                break;
            }
            agreed.remove();
            work++;
            next.done()
                    .complete(
                            result.getIndex() == 0
                                    ? Answers.refused(result)
                                    : new Outcome.Committed(
                                            result.getIndex(), image, result.getId(), result.getTookList()));
        }
        return work;
    }

    private int giveUp() {
        int work = 0;
        while (!agreed.isEmpty() && nowNs - agreed.element().sinceNs() > retryNs) {
            Agreed late = agreed.remove();
            late.done()
                    .completeExceptionally(unavailable("it was agreed on as "
                            + late.result().getIndex() + ", but this broker does not hear of it; it did take effect"));
            work++;
        }
        while (!underWay && !waiting.isEmpty() && nowNs - waiting.element().sinceNs() > retryNs) {
            waiting.remove().done().completeExceptionally(unproposed(lastProblem));
            work++;
        }
        return work;
    }

    private static MetadataUnavailableException unavailable(String why) {
        return new MetadataUnavailableException("the cluster's metadata: " + why, new IllegalStateException(why));
    }

    private static MetadataUnavailableException unproposed(String why) {
        return MetadataUnavailableException.definite("the cluster's metadata: " + why + "; nothing was proposed");
    }

    /** Whether a turn is wanted soon. */
    boolean isBusy() {
        return !waiting.isEmpty() || !agreed.isEmpty();
    }

    void close() {
        String closing = "this broker is stopping";
        agreed.forEach(each -> each.done().completeExceptionally(unavailable(closing)));
        waiting.forEach(each -> each.done().completeExceptionally(unproposed(closing)));
        agreed.clear();
        waiting.clear();
    }
}
