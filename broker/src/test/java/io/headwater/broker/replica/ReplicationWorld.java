package io.headwater.broker.replica;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** One partition on three of five nodes, two controllers, clients, and faults: a few virtual seconds from one seed. */
final class ReplicationWorld {
    static final int NODES = 5;
    static final int CONTROLLERS = 2;
    static final int VOTERS = 3;
    private static final long HEALED_US = 20_000_000;
    private static final int PROGRESS = 10;

    private final SplittableRandom random;
    private final Profile profile;
    private final Rules rules;
    private final Timeline timeline = new Timeline();
    private final Checker checker = new Checker(timeline);
    private final SimNetwork network;
    private final SimMetadata metadata;
    private final List<SimNode> nodes = new ArrayList<>();
    private final List<SimController> controllers = new ArrayList<>();
    private final Faults faults;
    private boolean calm;
    private long lastValue;

    ReplicationWorld(SplittableRandom random, Profile profile, Rules rules) {
        this.random = random;
        this.rules = rules;
        this.profile = profile;
        this.network = new SimNetwork(timeline, random.split(), profile.lossPermille());
        for (int number = 0; number < NODES; number++) {
            nodes.add(new SimNode(this, number));
        }
        this.faults = new Faults(this);
        List<ReplicaId> voters =
                nodes.subList(0, VOTERS).stream().map(SimNode::id).toList();
        this.metadata = new SimMetadata(voters, profile.minCopies(), this::sendViews);
        if (profile.commitsWritten()) {
            metadata.alter(true);
        }
        for (int number = 0; number < CONTROLLERS; number++) {
            controllers.add(new SimController(this, number));
        }
    }

    /** Faults for a while, then none: by then everything must go on. Returns the hash of what happened. */
    long run() {
        nodes.forEach(SimNode::start);
        controllers.forEach(SimController::start);
        produce();
        readEnds();
        faults.start();
        long chaosUs = profile.chaosMs() * 1_000L;
        boolean more = true;
        while (more) {
            more = timeline.step(chaosUs);
        }
        heal();
        int wanted = checker.commits() + PROGRESS;
        int wantedReads = checker.confirmedReads() + PROGRESS;
        while (!hasCome(wanted, wantedReads) && timeline.step(chaosUs + HEALED_US)) {
            network.heal();
        }
        if (!hasCome(wanted, wantedReads)) {
            throw new AssertionError("no progress since everything was healed: " + metadata.view()
                    + nodes.stream().map(SimNode::describe).toList());
        }
        return timeline.hash();
    }

    private boolean hasCome(int commits, int confirmedReads) {
        return checker.commits() >= commits && checker.confirmedReads() >= confirmedReads;
    }

    private void heal() {
        calm = true;
        network.calm();
        nodes.stream().filter(node -> !node.isUp()).forEach(SimNode::start);
    }

    /** Whoever thinks that it leads gets entries. */
    private void produce() {
        int mostUs = profile.faultRate() > 1 || profile.entriesPerWindow() == 1 ? 32_000 : 8_000;
        timeline.in(1_000 + random.nextInt(calm ? 100_000 : mostUs), () -> {
            for (SimNode node : nodes) {
                if (node.acceptsAppends()) {
                    node.append(lastValue++);
                }
            }
            produce();
        });
    }

    /** Whoever thinks that it leads is asked where the log ends. */
    private void readEnds() {
        timeline.in(1_000 + random.nextInt(10_000), () -> {
            nodes.stream().filter(SimNode::isUp).forEach(SimNode::readEnd);
            readEnds();
        });
    }

    private void sendViews() {
        nodes.forEach(this::sendView);
        PartitionView view = metadata.view();
        controllers.forEach(controller -> timeline.in(200 + random.nextInt(8_000), () -> controller.onView(view)));
    }

    void sendView(SimNode node) {
        PartitionView view = metadata.view();
        boolean late = random.nextInt(profile.lateViewOneIn()) == 0;
        network.sendAside(node, late ? 400_000 : 8_000, () -> {
            if (node.isUp()) {
                node.onView(view);
            }
        });
    }

    void sendToController(SimNode from, int controller, ControllerMessage message) {
        network.sendAside(from, 4_000, () -> {
            timeline.trace(message);
            controllers.get(controller).receive(message);
        });
    }

    boolean isCalm() {
        return calm;
    }

    Timeline timeline() {
        return timeline;
    }

    SplittableRandom random() {
        return random;
    }

    Profile profile() {
        return profile;
    }

    Rules rules() {
        return rules;
    }

    Checker checker() {
        return checker;
    }

    Faults faults() {
        return faults;
    }

    SimNetwork network() {
        return network;
    }

    SimMetadata metadata() {
        return metadata;
    }

    SimNode node(int number) {
        return nodes.get(number);
    }

    List<SimNode> nodes() {
        return nodes;
    }
}
