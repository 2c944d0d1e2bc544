package io.headwater.broker.simulation;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.peer.wire.PeerMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What one broker has to say to one node, as {@code PeerLink} and TCP do it: in order or not at all, and whoever loses
 * something is told. What cannot pass waits; after four seconds of silence the connection is given up.
 */
final class PeerConnection implements Network.Wire {
    private static final long MS = 1_000_000;
    private static final int MAX_SILENT = 8;
    private static final long FIRST_DELAY_NS = 50 * MS;
    private static final long MAX_DELAY_NS = 1_000 * MS;
    private static final int PROBES = 4;

    private enum State {
        IDLE,
        CONNECTING,
        UP,
        WAITING,
        FORGOTTEN
    }

    private record Said(
            PeerMessage message,
            ByteBuffer attachment,
            @Nullable CompletableFuture<PeerMessage> answer) {}

    /** Frames on their way in one direction: each arrives after the one before. */
    private final class Pipe {
        private final Deque<Runnable> frames = new ArrayDeque<>();
        private final Deque<Long> arrivals = new ArrayDeque<>();
        private final int from;
        private final int to;
        private long lastNs;

        Pipe(int from, int to) {
            this.from = from;
            this.to = to;
        }

        void put(Runnable frame) {
            Network network = own.network;
            lastNs = Math.max(lastNs, network.time().nowNs() + network.latencyNs());
            frames.add(frame);
            arrivals.add(lastNs);
            network.time().schedule(lastNs - network.time().nowNs(), this::flow);
        }

        void flow() {
            while (!frames.isEmpty()
                    && arrivals.element() <= own.network.time().nowNs()
                    && own.network.reaches(from, to)) {
                arrivals.remove();
                frames.remove().run();
            }
        }

        void clear() {
            frames.clear();
            arrivals.clear();
        }
    }

    private final PeerEnd own;
    private final int node;
    private HostPort endpoint;
    private State state = State.IDLE;
    private boolean lost;
    private final List<Said> queued = new ArrayList<>();
    private final List<CompletableFuture<PeerMessage>> calls = new ArrayList<>();
    private @Nullable PeerEnd other;
    private @Nullable Pipe there;
    private @Nullable Pipe back;
    private int silent;
    private long delayNs = FIRST_DELAY_NS;
    private int probes;
    /** Which attempt, so that what belongs to an earlier one is known. */
    private int attempt;

    PeerConnection(PeerEnd own, int node, HostPort endpoint) {
        this.own = own;
        this.node = node;
        this.endpoint = endpoint;
        own.network.add(this);
    }

    void moved(HostPort to) {
        if (!endpoint.equals(to)) {
            endpoint = to;
            delayNs = FIRST_DELAY_NS;
            if (state == State.UP || state == State.CONNECTING) {
                end("the node listens elsewhere", false);
            }
        }
    }

    void forget() {
        state = State.FORGOTTEN;
        attempt++;
    }

    /** False: it is lost, and the handler will hear of it. */
    boolean send(PeerMessage message, ByteBuffer attachment, @Nullable CompletableFuture<PeerMessage> answer) {
        if (state == State.WAITING || state == State.FORGOTTEN) {
            lost = true;
            return false;
        }
        if (answer != null) {
            calls.removeIf(CompletableFuture::isDone);
            calls.add(answer);
        }
        Said said = new Said(message, attachment, answer);
        if (state == State.UP) {
            transmit(said);
        } else {
            queued.add(said);
            dialIfIdle();
        }
        return true;
    }

    private void dialIfIdle() {
        if (state == State.IDLE) {
            state = State.CONNECTING;
            silent = 0;
            int now = ++attempt;
            own.network.time().schedule(3 * own.network.latencyNs(), () -> own.run(() -> dialled(now)));
        }
    }

    private void dialled(int number) {
        if (number != attempt || state != State.CONNECTING) {
            return;
        }
        PeerEnd target = own.network.at(endpoint);
        int here = own.machine.number();
        if (target == null && own.machine.isSwitchedOnAt(endpoint)) {
            end("refused", true);
        } else if (target == null) {
            // Nobody answers: looked at again until this is given up.
            own.network.time().schedule(100 * MS, () -> own.run(() -> dialled(number)));
        } else if (!own.network.reaches(here, target.machine.number())
                || !own.network.reaches(target.machine.number(), here)
                || target.machine.isPaused()) {
            own.network.time().schedule(100 * MS, () -> own.run(() -> dialled(number)));
        } else if (target.nodeId() != node || !target.clusterId().equals(own.clusterId())) {
            end("it is another node", false);
        } else {
            other = target;
            there = new Pipe(here, target.machine.number());
            back = new Pipe(target.machine.number(), here);
            state = State.UP;
            silent = 0;
            delayNs = 0;
            if (lost) {
                lost = false;
                own.handler.disconnected(node, false);
            }
            List<Said> first = List.copyOf(queued);
            queued.clear();
            first.forEach(this::transmit);
        }
    }

    private void transmit(Said said) {
        PeerEnd target = other;
        int number = attempt;
        if (target == null || there == null) {
            return;
        }
        there.put(() -> {
            own.machine.trace(said.message(), said.attachment());
            if (!target.isAlive()) {
                if (target.machine.isSwitchedOn()) {
                    end("the other side closed the connection", false);
                }
                return;
            }
            target.run(() -> deliver(target, said, number));
        });
    }

    private void deliver(PeerEnd target, Said said, int number) {
        if (number != attempt) {
            return;
        }
        CompletableFuture<PeerMessage> answer = said.answer();
        if (answer == null) {
            target.handler.received(own.nodeId(), said.message(), said.attachment());
        } else {
            target.handler.asked(own.nodeId(), said.message(), said.attachment(), reply -> {
                Pipe way = back;
                if (number == attempt && way != null && !target.machine.isDead()) {
                    way.put(() -> {
                        if (number == attempt) {
                            own.run(() -> PeerEnd.complete(answer, reply));
                        }
                    });
                }
            });
        }
    }

    /** The connection is over, from the point of view of who made it. */
    void end(String why, boolean refused) {
        if (state == State.FORGOTTEN || state == State.WAITING || state == State.IDLE) {
            return;
        }
        boolean wasUp = state == State.UP;
        attempt++;
        if (there != null && back != null) {
            there.clear();
            back.clear();
        }
        other = null;
        queued.clear();
        List<CompletableFuture<PeerMessage>> failed = List.copyOf(calls);
        calls.clear();
        probes = wasUp ? PROBES : refused ? 0 : probes;
        long delay = delayNs;
        delayNs = delay == 0 ? FIRST_DELAY_NS : Math.min(2 * delay, MAX_DELAY_NS);
        lost = false;
        state = State.WAITING;
        own.network.time().schedule(delay, () -> own.run(this::waited));
        own.run(() -> {
            failed.forEach(each -> each.completeExceptionally(new IOException("node " + node + ": " + why)));
            own.handler.disconnected(node, refused);
        });
    }

    private void waited() {
        if (state != State.WAITING) {
            return;
        }
        state = State.IDLE;
        if (lost || probes > 0) {
            probes--;
            dialIfIdle();
        }
    }

    @Override
    public boolean isOver() {
        return state == State.FORGOTTEN || !own.isAlive();
    }

    @Override
    public void goOn() {
        if (there != null && back != null) {
            there.flow();
            back.flow();
        }
    }

    @Override
    public void look() {
        if ((state != State.UP && state != State.CONNECTING) || own.machine.isPaused()) {
            return;
        }
        PeerEnd target = other;
        int here = own.machine.number();
        if (state == State.UP && target != null && !target.isAlive() && target.machine.isSwitchedOn()) {
            end("the other side closed the connection", false);
            return;
        }
        boolean heard = state == State.UP
                && target != null
                && target.isAlive()
                && !target.machine.isPaused()
                && own.network.reaches(here, target.machine.number())
                && own.network.reaches(target.machine.number(), here);
        silent = heard ? 0 : silent + 1;
        if (silent >= MAX_SILENT) {
            end("nothing was heard", false);
        }
    }
}
