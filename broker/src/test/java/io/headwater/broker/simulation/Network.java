package io.headwater.broker.simulation;

import io.headwater.broker.config.HostPort;
import io.headwater.client.fake.SimulatedLoop;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * What is between machines: how long something takes, who reaches whom, and who listens where. Machines have numbers;
 * clients have some as well.
 */
final class Network {
    private static final long US = 1_000;
    private static final long MS = 1_000_000;
    private static final long LIVENESS_NS = 500 * MS;

    private final SimulatedLoop time;
    private final SplittableRandom random;
    /** Until when nothing passes, from one to another. */
    private final long[][] cutUntilNs;

    private final Map<HostPort, PeerEnd> listening = new LinkedHashMap<>();
    private final List<Wire> wires = new ArrayList<>();
    private final long latencyNs;
    /** Of a hundred, how many take long. */
    private final int slow;

    /** Something that carries: it is told when it may go on, and looks at silence now and then. */
    interface Wire {
        boolean isOver();

        void goOn();

        /** Half a second has passed. */
        void look();
    }

    Network(SimulatedLoop time, SplittableRandom random, int machines) {
        this.time = time;
        this.random = random;
        this.cutUntilNs = new long[machines + 1][machines + 1];
        this.latencyNs = random.nextLong(50, 2_000) * US;
        this.slow = random.nextInt(4);
        time.schedule(LIVENESS_NS, this::look);
    }

    private void look() {
        wires.removeIf(Wire::isOver);
        List.copyOf(wires).forEach(Wire::look);
        time.schedule(LIVENESS_NS, this::look);
    }

    SimulatedLoop time() {
        return time;
    }

    long latencyNs() {
        long most = random.nextInt(100) < slow ? 50 * latencyNs : latencyNs;
        return 20 * US + random.nextLong(most);
    }

    void add(Wire wire) {
        wires.add(wire);
    }

    boolean reaches(int from, int to) {
        return cutUntilNs[from][to] <= time.nowNs();
    }

    /** Each cut ends by itself, whatever becomes of the others. */
    void cut(int from, int to, long forNs) {
        if (from != to) {
            cutUntilNs[from][to] = Math.max(cutUntilNs[from][to], time.nowNs() + forNs);
            time.schedule(forNs, this::goOn);
        }
    }

    void heal() {
        for (long[] each : cutUntilNs) {
            Arrays.fill(each, 0);
        }
        goOn();
    }

    /** Something that was in the way may be gone. */
    void goOn() {
        List.copyOf(wires).forEach(Wire::goOn);
    }

    void listen(HostPort place, PeerEnd end) {
        listening.put(place, end);
    }

    /** Null: the process that listens there is not up. */
    @Nullable
    PeerEnd at(HostPort place) {
        return listening.get(place);
    }

    void gone(PeerEnd end) {
        listening.values().remove(end);
    }

    /** Nobody listens there any more. */
    void gone(Machine machine) {
        listening.values().removeIf(each -> each.machine == machine);
    }

    /** A connection breaks for no reason. */
    void breakOne() {
        if (!wires.isEmpty() && wires.get(random.nextInt(wires.size())) instanceof PeerConnection connection) {
            connection.end("reset", false);
        }
    }
}
