package io.headwater.broker.peer;

import com.google.protobuf.ByteString;
import io.headwater.broker.consensus.RaftCalls;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.peer.wire.RaftAnswer;
import io.headwater.broker.peer.wire.RaftCall;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries the calls of voters between brokers. A voter's name starts with the number of its node, before a dash. Answers
 * wait for disks, so that calls that come in have a few threads of their own, made when they are needed.
 */
public final class PeerRaftCalls implements RaftCalls, AutoCloseable {
    /** As long as Ratis waits itself. */
    private static final long TIMEOUT_MS = 3_000;

    /** By their numbers between brokers. */
    private static final List<Call> KINDS =
            List.of(Call.REQUEST_VOTE, Call.APPEND_ENTRIES, Call.INSTALL_SNAPSHOT, Call.START_ELECTION);

    private static final int THREADS = 4;
    private static final int MAX_WAITING = 256;
    private static final int IDLE_SECONDS = 10;
    private static final Logger LOG = LoggerFactory.getLogger(PeerRaftCalls.class);

    private final Peers peers;
    private final Map<String, Endpoint> endpoints = new ConcurrentHashMap<>();
    private final ThreadPoolExecutor answering = new ThreadPoolExecutor(
            THREADS,
            THREADS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING),
            new DefaultThreadFactory("headwater-voter", true));

    public PeerRaftCalls(Peers peers) {
        this.peers = peers;
        answering.allowCoreThreadTimeOut(true);
    }

    @Override
    public byte[] call(String voter, Call call, byte[] request) throws IOException {
        PeerMessage question = PeerMessage.newBuilder()
                .setRaftCall(RaftCall.newBuilder()
                        .setVoter(voter)
                        .setKind(KINDS.indexOf(call))
                        .setRequest(ByteString.copyFrom(request)))
                .build();
        CompletableFuture<PeerMessage> answer =
                peers.ask(nodeOf(voter), question, List.of(), TIMEOUT_MS).toCompletableFuture();
        try {
            // The time-out is that of the question.
            PeerMessage message = answer.get();
            if (!message.hasRaftAnswer()) {
                throw new IOException(voter + ": " + message.getBodyCase() + " (expected: RAFT_ANSWER)");
            }
            return message.getRaftAnswer().getReply().toByteArray();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(voter + ": " + call + ": " + cause.getMessage(), cause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException(voter + ": " + call + ": interrupted").initCause(e);
        }
    }

    private static int nodeOf(String voter) throws IOException {
        int dash = voter.indexOf('-');
        try {
            return Integer.parseInt(voter.substring(0, Math.max(0, dash)));
        } catch (NumberFormatException e) {
            throw new IOException("voter: " + voter + " (expected: NODE-DIRECTORY)", e);
        }
    }

    @Override
    public void serve(String voter, Endpoint endpoint) {
        endpoints.put(voter, endpoint);
    }

    /**
     * A {@link RaftCall} came in. Does not block.
     *
     * @param answer told from another thread
     */
    public void asked(PeerMessage question, Consumer<PeerMessage> answer) {
        try {
            answering.execute(() -> answer.accept(answerTo(question.getRaftCall())));
        } catch (RejectedExecutionException e) {
            answer.accept(failure("too many calls wait for this voter, or it stops"));
        }
    }

    private PeerMessage answerTo(RaftCall call) {
        Endpoint endpoint = endpoints.get(call.getVoter());
        if (endpoint == null) {
            return failure("voter: " + call.getVoter() + " (expected: one of " + endpoints.keySet() + ")");
        }
        if (call.getKind() < 0 || call.getKind() >= KINDS.size()) {
            return failure("kind: " + call.getKind() + " (expected: 0 to " + (KINDS.size() - 1) + ")");
        }
        try {
            byte[] reply =
                    endpoint.answer(KINDS.get(call.getKind()), call.getRequest().toByteArray());
            return PeerMessage.newBuilder()
                    .setRaftAnswer(RaftAnswer.newBuilder().setReply(ByteString.copyFrom(reply)))
                    .build();
        } catch (IOException e) {
            LOG.debug("voter {}: a call was not answered: {}", call.getVoter(), e.toString());
            return failure(e.toString());
        } catch (RuntimeException e) {
            LOG.warn("voter {}: a call was not answered", call.getVoter(), e);
            return failure(e.toString());
        }
    }

    private static PeerMessage failure(String why) {
        return PeerMessage.newBuilder().setFailure(why).build();
    }

    /** Answers no more calls. */
    @Override
    public void close() {
        answering.shutdown();
    }
}
