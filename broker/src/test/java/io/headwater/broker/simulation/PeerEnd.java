package io.headwater.broker.simulation;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.observe.PeerFigures;
import io.headwater.broker.peer.PeerHandler;
import io.headwater.broker.peer.PeerSide;
import io.headwater.broker.peer.wire.PeerMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * One run of a broker in the network between brokers, as {@code NettyPeers}: a connection to each node that is talked to, over
 * which its answers come back.
 */
final class PeerEnd implements PeerSide {
    private static final long MS = 1_000_000;

    final Machine machine;
    final PeerHandler handler;
    final Network network;
    private final HostPort place;
    private final int life;
    private final Map<Integer, PeerConnection> connections = new LinkedHashMap<>();
    private String clusterId = "";
    private int nodeId;
    private boolean closed;

    PeerEnd(Machine machine, HostPort place, Network network, PeerHandler handler) {
        this.machine = machine;
        this.life = machine.life();
        this.place = place;
        this.network = network;
        this.handler = handler;
        network.listen(place, this);
    }

    int nodeId() {
        return nodeId;
    }

    String clusterId() {
        return clusterId;
    }

    /** Whether the process is still the same. */
    boolean isAlive() {
        return !closed && machine.isUp(life);
    }

    /** On the process's own time: later, if it is stopped; never, if it has ended. */
    void run(Runnable task) {
        machine.run(life, task);
    }

    @Override
    public int port() {
        return place.port();
    }

    @Override
    public void identity(String cluster, int node) {
        clusterId = cluster;
        nodeId = node;
    }

    @Override
    public void know(int node, HostPort endpoint) {
        if (node != nodeId) {
            connections
                    .computeIfAbsent(node, each -> new PeerConnection(this, node, endpoint))
                    .moved(endpoint);
        }
    }

    @Override
    public void forget(int node) {
        PeerConnection connection = connections.remove(node);
        if (connection != null) {
            connection.forget();
        }
    }

    static ByteBuffer copyOf(List<ByteBuffer> attachment) {
        int size = attachment.stream().mapToInt(ByteBuffer::remaining).sum();
        ByteBuffer copy = ByteBuffer.allocate(size);
        attachment.forEach(each -> copy.put(each.duplicate()));
        return copy.flip();
    }

    @Override
    public void send(int node, PeerMessage message, List<ByteBuffer> attachment) {
        if (nodeId == 0 || machine.isDead()) {
            return;
        }
        ByteBuffer copy = copyOf(attachment);
        PeerConnection connection = connections.get(node);
        if (node == nodeId) {
            later(() -> handler.received(node, message, copy));
        } else if (connection != null) {
            boolean unused = connection.send(message, copy, null);
        }
    }

    private void later(Runnable task) {
        network.time().schedule(1_000, () -> run(task));
    }

    @Override
    public CompletionStage<PeerMessage> ask(
            int node, PeerMessage question, List<ByteBuffer> attachment, long timeoutMs) {
        CompletableFuture<PeerMessage> answer = new CompletableFuture<>();
        ByteBuffer copy = copyOf(attachment);
        PeerConnection connection = connections.get(node);
        if (machine.isDead()) {
            return answer;
        }
        if (nodeId != 0 && node == nodeId) {
            later(() -> handler.asked(node, question, copy, reply -> later(() -> complete(answer, reply))));
        } else if (nodeId != 0 && connection != null) {
            if (!connection.send(question, copy, answer)) {
                later(() -> answer.completeExceptionally(new IOException("node " + node + ": it cannot be reached")));
            }
        } else {
            return CompletableFuture.failedFuture(new IOException("node " + node + ": not known"));
        }
        limit(answer, timeoutMs);
        return answer;
    }

    static void complete(CompletableFuture<PeerMessage> answer, PeerMessage reply) {
        if (reply.getFailure().isEmpty()) {
            answer.complete(reply);
        } else {
            answer.completeExceptionally(new IOException(reply.getFailure()));
        }
    }

    private void limit(CompletableFuture<PeerMessage> answer, long timeoutMs) {
        network.time()
                .schedule(
                        timeoutMs * MS,
                        () -> run(() -> answer.completeExceptionally(
                                new IOException("no answer within " + timeoutMs + " ms"))));
    }

    @Override
    public CompletionStage<PeerMessage> ask(HostPort endpoint, PeerMessage question, long timeoutMs) {
        CompletableFuture<PeerMessage> answer = new CompletableFuture<>();
        limit(answer, timeoutMs);
        network.time().schedule(network.latencyNs(), () -> {
            PeerEnd other = network.at(endpoint);
            if (other == null) {
                run(() -> answer.completeExceptionally(new IOException(endpoint + " refuses")));
            } else if (network.reaches(machine.number(), other.machine.number())
                    && (clusterId.isEmpty() || clusterId.equals(other.clusterId))) {
                int from = nodeId;
                other.run(() -> other.handler.asked(
                        from,
                        question,
                        ByteBuffer.allocate(0),
                        reply -> network.time().schedule(network.latencyNs(), () -> {
                            if (network.reaches(other.machine.number(), machine.number())) {
                                run(() -> complete(answer, reply));
                            }
                        })));
            }
        });
        return answer;
    }

    @Override
    public List<PeerFigures> figures() {
        return List.of(); // nobody scrapes it
    }

    @Override
    public void close() {
        closed = true;
        network.gone(this);
    }
}
