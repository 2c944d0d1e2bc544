package io.headwater.broker.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.Elect;
import io.headwater.broker.metadata.wire.Seal;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiFunction;

/**
 * Two controllers that propose against each other, each from a picture that is some steps old, while nodes start, die
 * and lose their disks. After each step: the picture is what a plain model says, the invariants hold, and a picture that
 * went through a snapshot gives the same answer.
 */
final class ClusterSimulation {
    private static final int NODES = 6;

    private final SplittableRandom random;
    private final BiFunction<MetadataImage, Command, Command> fault;
    private final ClusterModel model = new ClusterModel();
    private final ClusterInvariants invariants = new ClusterInvariants();
    private final List<Command> log = new ArrayList<>();
    private final MetadataImage[] views = {MetadataImage.empty("c"), MetadataImage.empty("c")};
    private final int[] disks = new int[NODES + 1];
    private final int[] runs = new int[NODES + 1];
    private MetadataImage image = MetadataImage.empty("c");
    private int took;
    private int failed;

    ClusterSimulation(SplittableRandom random) {
        this(random, (image, command) -> command);
    }

    /** @param fault what a machine makes of a command that lacks one of the rules */
    ClusterSimulation(SplittableRandom random, BiFunction<MetadataImage, Command, Command> fault) {
        this.random = random;
        this.fault = fault;
    }

    MetadataImage image() {
        return image;
    }

    /** How many commands or items took effect. */
    int took() {
        return took;
    }

    int failed() {
        return failed;
    }

    void run(int steps) {
        for (int node = 1; node <= NODES; node++) {
            step(ClusterCommands.register(node, "d" + node + "-0", "r0"));
        }
        for (int i = 0; i < steps; i++) {
            int controller = random.nextInt(2);
            if (random.nextInt(4) == 0) {
                views[controller] = image;
            }
            step(command(views[controller]));
        }
        MetadataImage replayed = MetadataImage.empty("c");
        for (Command command : log) {
            replayed = assertInstanceOf(
                            Outcome.Committed.class,
                            MetadataMachine.apply(replayed, replayed.appliedIndex() + 1, command))
                    .image();
        }
        assertSame(image, replayed);
    }

    private void step(Command command) {
        MetadataImage before = image;
        long index = image.appliedIndex() + 1;
        Command applied = fault.apply(image, command);
        Outcome outcome = MetadataMachine.apply(image, index, applied);
        List<Boolean> answer;
        if (outcome instanceof Outcome.Committed committed) {
            image = committed.image();
            log.add(applied);
            boolean batch = command.hasSeal() || command.hasElect();
            answer = batch ? committed.took() : List.of(true);
        } else {
            answer = List.of(false);
        }
        answer.forEach(one -> {
            took += one ? 1 : 0;
            failed += one ? 0 : 1;
        });
        invariants.check(before, command, image);
        compareWithASnapshot(before, applied, outcome);
        assertEquals(model.apply(command, index), answer, () -> command + " to " + ClusterModel.text(before));
        if (command.hasCreateTopic() && answer.get(0)) {
            made(before, command.getCreateTopic().getName());
        }
        assertEquals(model.text(), ClusterModel.text(image), command::toString);
    }

    private void made(MetadataImage before, String name) {
        TopicInfo topic = image.topic(name);
        if (topic == null) {
            throw new AssertionError(name + " was not made");
        }
        for (PartitionInfo partition : topic.partitions()) {
            assertEquals(
                    Placement.replicas(before, topic.replication().replicas()),
                    partition.replicas().voters().size());
        }
        model.made(topic);
    }

    private static void compareWithASnapshot(MetadataImage before, Command command, Outcome outcome) {
        MetadataImage reread = MetadataCodec.image(MetadataCodec.snapshot(before));
        assertSame(before, reread);
        Outcome again = MetadataMachine.apply(reread, reread.appliedIndex() + 1, command);
        if (outcome instanceof Outcome.Committed committed) {
            Outcome.Committed same = assertInstanceOf(Outcome.Committed.class, again);
            assertEquals(committed.took(), same.took());
            assertEquals(committed.id(), same.id());
            assertSame(committed.image(), same.image());
        } else {
            assertEquals(outcome, again);
        }
    }

    static void assertSame(MetadataImage expected, MetadataImage actual) {
        assertEquals(MetadataCodec.snapshot(expected), MetadataCodec.snapshot(actual));
        assertEquals(expected.cluster(), actual.cluster());
        assertEquals(expected.topics(), actual.topics());
        assertEquals(expected.next(), actual.next());
    }

    private Command command(MetadataImage view) {
        List<PartitionInfo> partitions = view.topics().stream()
                .flatMap(topic -> topic.partitions().stream())
                .toList();
        int node = 1 + random.nextInt(NODES);
        NodeInfo known = view.node(node);
        int kind = random.nextInt(30);
        if (kind < 3) {
            return register(node);
        }
        if (kind < 6 && known != null) {
            return kind < 5
                    ? ClusterCommands.fence(node, known.incarnation())
                    : ClusterCommands.unfence(node, known.incarnation());
        }
        if (kind == 6) {
            int which = random.nextInt(8);
            return which == 0 ? ClusterCommands.drain(node) : which < 5 ? topic() : ClusterCommands.unregister(node);
        }
        return partitions.isEmpty() || kind < 9 ? topic() : ofPartition(view, partitions);
    }

    /** A node starts, sometimes with an empty disk, or says again that it did. */
    private Command register(int node) {
        if (random.nextInt(8) == 0) {
            disks[node]++;
        }
        if (random.nextInt(3) > 0) {
            runs[node]++;
        }
        return ClusterCommands.register(node, "d" + node + "-" + disks[node], "r" + runs[node]);
    }

    private Command topic() {
        String name = "t" + random.nextInt(5);
        return random.nextInt(4) == 0
                ? Commands.delete(name)
                : ClusterCommands.create(name, 1 + random.nextInt(4), random.nextInt(5));
    }

    private <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private Command ofPartition(MetadataImage view, List<PartitionInfo> partitions) {
        PartitionInfo partition = one(partitions);
        long id = partition.partitionId();
        return switch (random.nextInt(12)) {
            case 0, 1 -> seal(partitions);
            case 2, 3, 4 -> elect(view, partitions);
            case 5 -> ClusterCommands.transfer(id, partition.epoch(), candidate(view, partition));
            case 6, 7 -> ClusterCommands.addLearner(id, replica(view, partition));
            case 8 ->
                random.nextInt(3) == 0
                        ? ClusterCommands.dropLearner(id, replica(view, partition))
                        : ClusterCommands.beginJoint(id, partition.cfgVer(), voters(partition));
            case 9 -> ClusterCommands.beginJoint(id, partition.cfgVer(), voters(partition));
            case 10 ->
                random.nextInt(4) == 0
                        ? ClusterCommands.abortJoint(id, partition.cfgVer())
                        : ClusterCommands.finishJoint(id, partition.cfgVer());
            default ->
                random.nextInt(4) == 0
                        ? ClusterCommands.recover(id, partition.epoch(), replica(view, partition), "me", "fire")
                        : ClusterCommands.finishJoint(id, partition.cfgVer());
        };
    }

    private Command seal(List<PartitionInfo> partitions) {
        Seal.Item[] items = new Seal.Item[1 + random.nextInt(4)];
        for (int i = 0; i < items.length; i++) {
            PartitionInfo partition = one(partitions);
            items[i] = ClusterCommands.sealItem(partition.partitionId(), partition.epoch() + (i == 3 ? 1 : 0));
        }
        return ClusterCommands.seal(items);
    }

    private Command elect(MetadataImage view, List<PartitionInfo> partitions) {
        Elect.Item[] items = new Elect.Item[1 + random.nextInt(6)];
        for (int i = 0; i < items.length; i++) {
            PartitionInfo partition = one(partitions);
            items[i] = ClusterCommands.electItem(
                    partition.partitionId(), partition.epoch(), partition.cfgVer(), candidate(view, partition));
        }
        return ClusterCommands.elect(items);
    }

    /** Mostly a voter, in the incarnation that this controller knows. */
    private Leader candidate(MetadataImage view, PartitionInfo partition) {
        List<Replica> voters = new ArrayList<>(partition.replicas().voters());
        voters.addAll(partition.replicas().nextVoters());
        int nodeId =
                random.nextInt(8) == 0 ? 1 + random.nextInt(NODES) : one(voters).nodeId();
        NodeInfo node = view.node(nodeId);
        return node == null ? new Leader(nodeId, 1) : node.leader();
    }

    /** One that the partition has, or any node's. */
    private Replica replica(MetadataImage view, PartitionInfo partition) {
        List<Replica> all = new ArrayList<>(partition.replicas().voters());
        all.addAll(partition.replicas().learners());
        view.nodes().forEach(node -> all.add(node.replica()));
        return one(all);
    }

    private List<Replica> voters(PartitionInfo partition) {
        List<Replica> all = new ArrayList<>(partition.replicas().voters());
        all.addAll(partition.replicas().learners());
        List<Replica> voters = new ArrayList<>();
        for (int i = 1 + random.nextInt(4); i > 0 && !all.isEmpty(); i--) {
            voters.add(random.nextInt(20) == 0 ? one(all) : all.remove(random.nextInt(all.size())));
        }
        return voters;
    }
}
