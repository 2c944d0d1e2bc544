package io.headwater.broker.cluster;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.consensus.LocalCalls;
import io.headwater.broker.consensus.RaftCalls;
import io.headwater.broker.peer.PeerHandler;
import io.headwater.broker.peer.Peers;
import io.headwater.broker.peer.wire.PeerMessage;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** A network within the process, in place of sockets: one thread carries everything, in order. */
final class TestNet implements AutoCloseable {
    /** A broker that listens; of no cluster at first. */
    private static final class Place {
        private final PeerHandler handler;
        private volatile int node;
        private volatile String cluster = "";
        private volatile UnaryOperator<PeerMessage> hears = answer -> answer;

        Place(PeerHandler handler) {
            this.handler = handler;
        }

        PeerHandler handler() {
            return handler;
        }

        boolean talksTo(Place other) {
            return cluster.isEmpty() || cluster.equals(other.cluster);
        }
    }

    private final ScheduledExecutorService wire = Executors.newSingleThreadScheduledExecutor();
    private final Map<HostPort, Place> listening = new ConcurrentHashMap<>();
    private final Set<HostPort> cut = ConcurrentHashMap.newKeySet();
    private final LocalCalls calls = new LocalCalls();
    /** On the wire's thread. */
    private final Map<CompletableFuture<PeerMessage>, HostPort> unanswered = new HashMap<>();

    /** One broker's side. Its voter's name is told when it starts. */
    Peers listen(HostPort self, PeerHandler handler) {
        Place place = new Place(handler);
        listening.put(self, place);
        return new Side(self, place);
    }

    void isNode(HostPort self, String cluster, int nodeId) {
        Place place = listening.get(self);
        place.cluster = cluster;
        place.node = nodeId;
    }

    /** What this broker is answered becomes what is made of it. */
    void hears(HostPort self, UnaryOperator<PeerMessage> answer) {
        listening.get(self).hears = answer;
    }

    RaftCalls calls(HostPort self) {
        return new RaftCalls() {
            private volatile String name = "";

            @Override
            public byte[] call(String voter, Call call, byte[] request) throws IOException {
                return calls.of(name).call(voter, call, request);
            }

            @Override
            public void serve(String voter, Endpoint endpoint) {
                name = voter;
                calls.of(voter).serve(voter, endpoint);
                if (cut.contains(self)) {
                    calls.cut(voter);
                } else {
                    calls.mend(voter);
                }
            }
        };
    }

    /** Nothing goes in or out; nobody is told. */
    void cut(HostPort place, String voter) {
        cut.add(place);
        calls.cut(voter);
    }

    void mend(HostPort place, String voter) {
        cut.remove(place);
        calls.mend(voter);
    }

    /** The process is gone: nobody listens, and everybody notices at once. */
    void kill(HostPort place, String voter) {
        Place gone = listening.remove(place);
        calls.cut(voter);
        if (gone != null) {
            int node = gone.node;
            wire.execute(() -> {
                unanswered.forEach((answer, to) -> {
                    if (to.equals(place)) {
                        answer.completeExceptionally(new IOException(to + " is gone"));
                    }
                });
                listening.values().forEach(each -> each.handler().disconnected(node, true));
            });
        }
    }

    @Override
    public void close() {
        wire.shutdownNow();
    }

    private final class Side implements Peers {
        private final HostPort self;
        private final Place own;
        private final Map<Integer, HostPort> known = new ConcurrentHashMap<>();

        Side(HostPort self, Place own) {
            this.self = self;
            this.own = own;
        }

        @Override
        public void know(int other, HostPort endpoint) {
            known.put(other, endpoint);
        }

        @Override
        public void forget(int other) {
            known.remove(other);
        }

        @Override
        public void send(int other, PeerMessage message, List<ByteBuffer> attachment) {
            HostPort to = known.get(other);
            wire.execute(() -> {
                Place place = reachable(to);
                if (place != null && own.talksTo(place)) {
                    place.handler().received(own.node, message, ByteBuffer.allocate(0));
                }
            });
        }

        private Place reachable(HostPort to) {
            return to == null || cut.contains(self) || cut.contains(to) || !listening.containsKey(self)
                    ? null
                    : listening.get(to);
        }

        @Override
        public CompletionStage<PeerMessage> ask(
                int other, PeerMessage question, List<ByteBuffer> attachment, long timeoutMs) {
            HostPort to = known.get(other);
            return to == null
                    ? CompletableFuture.failedFuture(new IOException("node " + other + " is not known"))
                    : ask(to, question, timeoutMs);
        }

        @Override
        public CompletionStage<PeerMessage> ask(HostPort to, PeerMessage question, long timeoutMs) {
            CompletableFuture<PeerMessage> answer = new CompletableFuture<>();
            wire.execute(() -> {
                unanswered.keySet().removeIf(CompletableFuture::isDone);
                unanswered.put(answer, to);
                Place place = reachable(to);
                if (place == null && !cut.contains(to) && !cut.contains(self)) {
                    answer.completeExceptionally(new ConnectException(to + " refuses"));
                } else if (place != null && !own.talksTo(place)) {
                    answer.completeExceptionally(new IOException(to + " is of another cluster"));
                } else if (place != null) {
                    place.handler()
                            .asked(
                                    own.node,
                                    question,
                                    ByteBuffer.allocate(0),
                                    reply -> wire.execute(() -> {
                                        if (reachable(to) == place) {
                                            answer.complete(own.hears.apply(reply));
                                        }
                                    }));
                }
            });
            ScheduledFuture<?> unused = wire.schedule(
                    () -> answer.completeExceptionally(new IOException("no answer")), timeoutMs, TimeUnit.MILLISECONDS);
            return answer;
        }
    }
}
