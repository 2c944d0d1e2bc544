package io.headwater.broker.replica;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Loses, delays, reorders and doubles messages, and is cut in one direction or both. Between two nodes most messages
 * arrive in the order in which they were sent, as over one connection; some are overtaken.
 */
final class SimNetwork {
    private final Timeline timeline;
    private final SplittableRandom random;
    private final int lossPermille;
    private boolean calm;
    private final boolean[][] cut = new boolean[ReplicationWorld.NODES][ReplicationWorld.NODES];
    private final long[][] lastArrivalUs = new long[ReplicationWorld.NODES][ReplicationWorld.NODES];
    /** Whom neither metadata nor controllers reach. */
    private final boolean[] alone = new boolean[ReplicationWorld.NODES];

    SimNetwork(Timeline timeline, SplittableRandom random, int lossPermille) {
        this.timeline = timeline;
        this.random = random;
        this.lossPermille = lossPermille;
    }

    void cut(int from, int to) {
        cut[from][to] = true;
    }

    void leaveAlone(int node) {
        alone[node] = true;
    }

    boolean isAlone(int node) {
        return alone[node];
    }

    /** Loses nothing from now on. */
    void calm() {
        calm = true;
        heal();
    }

    void heal() {
        for (boolean[] row : cut) {
            Arrays.fill(row, false);
        }
        Arrays.fill(alone, false);
    }

    void send(int from, SimNode to, Consumer<SimNode> message) {
        if (!calm && random.nextInt(1_000) < lossPermille) {
            return;
        }
        int copies = random.nextInt(50) == 0 ? 2 : 1;
        for (int copy = 0; copy < copies; copy++) {
            timeline.in(delayUs(from, to.number()), () -> {
                if (to.isUp() && !cut[from][to.number()]) {
                    message.accept(to);
                }
            });
        }
    }

    private long delayUs(int from, int to) {
        long delayUs = 200L + random.nextInt(3_000);
        if (random.nextInt(50) == 0) {
            return delayUs + random.nextInt(300_000);
        }
        long inOrderUs = Math.max(delayUs, lastArrivalUs[from][to] - timeline.nowUs());
        lastArrivalUs[from][to] = timeline.nowUs() + inOrderUs;
        return inOrderUs;
    }

    /** Between the metadata or a controller and a node. */
    void sendAside(SimNode node, int maxDelayUs, Runnable message) {
        if (random.nextInt(20) > 0) {
            timeline.in(200 + random.nextInt(maxDelayUs), () -> {
                if (!alone[node.number()]) {
                    message.run();
                }
            });
        }
    }
}
