package io.headwater.broker.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.Balance;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.Replica;
import io.headwater.broker.metadata.wire.AbortJoint;
import io.headwater.broker.metadata.wire.AddLearner;
import io.headwater.broker.metadata.wire.BeginJoint;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.CreateTopic;
import io.headwater.broker.metadata.wire.DrainNode;
import io.headwater.broker.metadata.wire.Elect;
import io.headwater.broker.metadata.wire.FinishJoint;
import io.headwater.broker.metadata.wire.Seal;
import io.headwater.broker.metadata.wire.TopicPolicy;
import io.headwater.protocol.wire.AckLevel;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Who decides what moves, on a picture, with a clock of the test's own; the copying is done by saying so. */
class MovesTest {
    private static final int PARTITIONS = 20;
    private static final int AT_ONCE = 5;
    private static final long LOST_MS = 60_000;

    private final TestPicture picture = new TestPicture(4);
    private long nowNs;
    private Moves moves = new Moves(LOST_MS, nowNs);

    MovesTest() {
        picture.took(create("a", PARTITIONS, 3));
    }

    private static Command.Builder create(String topic, int partitions, int replicas) {
        return Command.newBuilder()
                .setCreateTopic(CreateTopic.newBuilder()
                        .setName(topic)
                        .setPartitions(partitions)
                        .setReplicas(replicas)
                        .setPolicy(TopicPolicy.newBuilder()
                                .setRetentionMs(-1)
                                .setRetentionBytes(-1)
                                .setAckLevel(AckLevel.ACK_PERSISTED_VALUE)));
    }

    @Test
    void whatIsOlderThanTheOtherNodesGetsThreeReplicasUnlessItWasGivenANumber() {
        TestPicture young = new TestPicture(2);
        young.took(create("old", 1, 0));
        young.took(create("alone", 1, 1));
        PartitionInfo old =
                Objects.requireNonNull(young.image.topic("old")).partitions().get(0);
        assertEquals(1, old.replicas().voters().size());
        nowNs += TimeUnit.SECONDS.toNanos(2);
        assertEquals(0, moves.next(young.image, List.of(1), nowNs).count(), "two are worse than one");

        young.register(3, "first");
        nowNs += TimeUnit.SECONDS.toNanos(2);
        Moves.Steps steps = moves.next(young.image, List.of(1), nowNs);
        assertEquals(Set.of(old.partitionId()), steps.move().keySet());
        List<Replica> voters = Objects.requireNonNull(steps.move().get(old.partitionId()));
        assertEquals(old.replicas().voters().get(0), voters.get(0), "the preferred leader stays");
        assertEquals(Set.of(1, 2, 3), voters.stream().map(Replica::nodeId).collect(Collectors.toSet()));

        young.took(Command.newBuilder()
                .setAddLearner(AddLearner.newBuilder()
                        .setPartitionId(old.partitionId())
                        .setReplica(wire(young.node(3).replica()))));
        young.took(Commands.fence(young.node(3)));
        moves.onImage(young.image, nowNs);
        nowNs += TimeUnit.SECONDS.toNanos(2);
        assertEquals(0, moves.next(young.image, List.of(1), nowNs).count(), "what is copied by then stays");

        moves.ask(old.partitionId(), old.replicas().voters());
        nowNs += TimeUnit.SECONDS.toNanos(2);
        assertEquals(
                List.of(old.partitionId()),
                moves.next(young.image, List.of(1), nowNs).abort());
        nowNs += TimeUnit.SECONDS.toNanos(2);
        assertEquals(Map.of(), moves.next(young.image, List.of(1), nowNs).move(), "an operator wants it so");
    }

    @Test
    void whatAnOperatorMovedToOneVoterStaysThere() {
        TestPicture young = new TestPicture(2);
        young.took(create("old", 1, 0));
        Replica first = oldOf(young).replicas().voters().get(0);
        Replica other = young.node(first.nodeId() == 1 ? 2 : 1).replica();
        young.took(Command.newBuilder()
                .setAddLearner(AddLearner.newBuilder()
                        .setPartitionId(oldOf(young).partitionId())
                        .setReplica(wire(other))));
        change(young, List.of(first, other));
        change(young, List.of(first));
        young.register(3, "first");
        nowNs += TimeUnit.SECONDS.toNanos(2);
        assertEquals(Map.of(), moves.next(young.image, List.of(1), nowNs).move());
    }

    /** A move that ended in the middle may leave one. */
    @Test
    void whoLeavesAndIsOneTooManyNeedsNobodyInItsPlace() {
        TestPicture four = new TestPicture(4);
        four.took(create("old", 1, 3));
        List<Replica> three = oldOf(four).replicas().voters();
        NodeInfo fourth = four.image.nodes().stream()
                .filter(node -> !three.contains(node.replica()))
                .findFirst()
                .orElseThrow();
        four.took(Command.newBuilder()
                .setAddLearner(AddLearner.newBuilder()
                        .setPartitionId(oldOf(four).partitionId())
                        .setReplica(wire(fourth.replica()))));
        change(four, List.of(three.get(0), fourth.replica(), three.get(1), three.get(2)));
        nowNs += TimeUnit.SECONDS.toNanos(2);
        assertEquals(Map.of(), moves.next(four.image, List.of(1), nowNs).move());

        four.took(Command.newBuilder().setDrainNode(DrainNode.newBuilder().setNodeId(fourth.nodeId())));
        nowNs += TimeUnit.SECONDS.toNanos(2);
        assertEquals(
                Map.of(oldOf(four).partitionId(), three),
                moves.next(four.image, List.of(1), nowNs).move());
        change(four, three);
        NodeInfo next = four.node(three.get(1).nodeId());
        four.took(Command.newBuilder().setDrainNode(DrainNode.newBuilder().setNodeId(next.nodeId())));
        nowNs += TimeUnit.SECONDS.toNanos(2);
        assertEquals(Map.of(), moves.next(four.image, List.of(1), nowNs).move(), "nobody is left to take its place");
    }

    @Test
    void whoLeavesAndIsOneTooManyIsLeftOutAlthoughThereIsAPlace() {
        TestPicture three = new TestPicture(3);
        three.took(create("old", 1, 1));
        Replica only = oldOf(three).replicas().voters().get(0);
        NodeInfo second = three.node(only.nodeId() % 3 + 1);
        three.took(Command.newBuilder()
                .setAddLearner(AddLearner.newBuilder()
                        .setPartitionId(oldOf(three).partitionId())
                        .setReplica(wire(second.replica()))));
        change(three, List.of(second.replica(), only));
        three.took(Command.newBuilder().setDrainNode(DrainNode.newBuilder().setNodeId(second.nodeId())));
        nowNs += TimeUnit.SECONDS.toNanos(2);
        assertEquals(
                Map.of(oldOf(three).partitionId(), List.of(only)),
                moves.next(three.image, List.of(1), nowNs).move());
    }

    @Test
    void ofTwoVotersOneIsReplacedIfThereIsAPlaceAndLeftOutIfThereIsNone() {
        for (int nodes = 2; nodes <= 3; nodes++) {
            TestPicture two = new TestPicture(2);
            two.took(create("old", 1, 0));
            Replica only = oldOf(two).replicas().voters().get(0);
            NodeInfo second = two.node(3 - only.nodeId());
            two.took(Command.newBuilder()
                    .setAddLearner(AddLearner.newBuilder()
                            .setPartitionId(oldOf(two).partitionId())
                            .setReplica(wire(second.replica()))));
            change(two, List.of(second.replica(), only));
            if (nodes == 3) {
                two.register(3, "first");
            }
            two.took(Command.newBuilder().setDrainNode(DrainNode.newBuilder().setNodeId(second.nodeId())));
            Moves fresh = new Moves(LOST_MS, nowNs);
            nowNs += TimeUnit.SECONDS.toNanos(2);
            assertEquals(
                    nodes == 2 ? List.of(only) : List.of(two.node(3).replica(), only),
                    fresh.next(two.image, List.of(1), nowNs)
                            .move()
                            .get(oldOf(two).partitionId()));
        }
    }

    /** With two nodes that stay nothing new would get three; what has them waits for a third node. */
    @Test
    void whatWasGivenThreeByItselfKeepsThem() {
        TestPicture four = new TestPicture(4);
        four.took(create("old", 1, 0));
        List<Replica> voters = oldOf(four).replicas().voters();
        assertEquals(3, voters.size());
        int fourth = 10 - voters.stream().mapToInt(Replica::nodeId).sum();
        for (int leaving : new int[] {fourth, voters.get(2).nodeId()}) {
            four.took(Command.newBuilder().setDrainNode(DrainNode.newBuilder().setNodeId(leaving)));
        }
        nowNs += TimeUnit.SECONDS.toNanos(2);
        assertEquals(Map.of(), moves.next(four.image, List.of(1), nowNs).move());
    }

    private static PartitionInfo oldOf(TestPicture picture) {
        return Objects.requireNonNull(picture.image.topic("old")).partitions().get(0);
    }

    private static void change(TestPicture picture, List<Replica> voters) {
        PartitionInfo before = oldOf(picture);
        picture.took(Command.newBuilder()
                .setBeginJoint(BeginJoint.newBuilder()
                        .setPartitionId(before.partitionId())
                        .setCfgVer(before.cfgVer())
                        .addAllVoters(voters.stream().map(MovesTest::wire).toList())));
        picture.took(Command.newBuilder()
                .setFinishJoint(FinishJoint.newBuilder()
                        .setPartitionId(before.partitionId())
                        .setCfgVer(before.cfgVer() + 1)));
    }

    private List<PartitionInfo> partitions() {
        return Objects.requireNonNull(picture.image.topic("a")).partitions();
    }

    private PartitionInfo partition(int index) {
        return partitions().get(index);
    }

    private List<Integer> voters(int index) {
        return partition(index).replicas().voters().stream()
                .map(Replica::nodeId)
                .toList();
    }

    private long heldBy(int node) {
        return partitions().stream()
                .filter(each -> each.replicas().voters().stream().anyMatch(voter -> voter.nodeId() == node))
                .count();
    }

    private Moves.Steps turn(long ms, Integer... metadataVoters) {
        nowNs += TimeUnit.MILLISECONDS.toNanos(ms);
        moves.onImage(picture.image, nowNs);
        return moves.next(picture.image, List.of(metadataVoters), nowNs);
    }

    private void drain(int node) {
        picture.took(Command.newBuilder().setDrainNode(DrainNode.newBuilder().setNodeId(node)));
    }

    private static io.headwater.broker.metadata.wire.Replica wire(Replica replica) {
        return io.headwater.broker.metadata.wire.Replica.newBuilder()
                .setNodeId(replica.nodeId())
                .setDirectoryId(replica.directoryId())
                .build();
    }

    private void learn(long id, Replica learner) {
        picture.took(Command.newBuilder()
                .setAddLearner(AddLearner.newBuilder().setPartitionId(id).setReplica(wire(learner))));
    }

    private void begin(long id, List<Replica> next) {
        PartitionInfo partition = Objects.requireNonNull(picture.image.partition(id));
        next.stream().filter(each -> !partition.replicas().contains(each)).forEach(each -> learn(id, each));
        picture.took(Command.newBuilder()
                .setBeginJoint(BeginJoint.newBuilder()
                        .setPartitionId(id)
                        .setCfgVer(partition.cfgVer())
                        .addAllVoters(next.stream().map(MovesTest::wire).toList())));
    }

    /** As the replicas would: led by one that stays. */
    private void finish(long id, List<Replica> next) {
        PartitionInfo before = Objects.requireNonNull(picture.image.partition(id));
        int leader = next.stream()
                .filter(before.replicas().voters()::contains)
                .findFirst()
                .orElseThrow()
                .nodeId();
        picture.took(Command.newBuilder()
                .setSeal(Seal.newBuilder()
                        .addItems(Seal.Item.newBuilder().setPartitionId(id).setEpoch(before.epoch()))));
        picture.took(Command.newBuilder()
                .setElect(Elect.newBuilder()
                        .addItems(Elect.Item.newBuilder()
                                .setPartitionId(id)
                                .setEpoch(before.epoch() + 1)
                                .setCfgVer(before.cfgVer())
                                .setNodeId(leader)
                                .setIncarnation(picture.node(leader).incarnation()))));
        begin(id, next);
        picture.took(Command.newBuilder()
                .setFinishJoint(FinishJoint.newBuilder().setPartitionId(id).setCfgVer(before.cfgVer() + 1)));
    }

    private Map<Long, List<Replica>> begun() {
        drain(1);
        Map<Long, List<Replica>> move = turn(1_000, 1, 2, 3).move();
        assertEquals(AT_ONCE, move.size());
        assertEquals(0, turn(1_000, 1, 2, 3).move().size(), "all places are taken");
        return move;
    }

    @Test
    void whatHasNoLeaderTakesNoPlace() {
        long id = begun().keySet().iterator().next();
        picture.took(Command.newBuilder()
                .setSeal(Seal.newBuilder()
                        .addItems(Seal.Item.newBuilder()
                                .setPartitionId(id)
                                .setEpoch(Objects.requireNonNull(picture.image.partition(id))
                                        .epoch()))));
        assertEquals(1, turn(1_000, 1, 2, 3).move().size());
    }

    @Test
    void copiesThatDoNotComeHoldUpNobodyForEver() {
        begun();
        assertEquals(0, turn(500_000, 1, 2, 3).move().size());
        assertEquals(AT_ONCE, turn(100_000, 1, 2, 3).move().size());
    }

    @Test
    void whatIsTakenBackIsGivenUp() {
        PartitionInfo first = partition(0);
        List<Replica> present = first.replicas().voters();
        Replica other = picture.image.nodes().stream()
                .map(NodeInfo::replica)
                .filter(replica -> !present.contains(replica))
                .findFirst()
                .orElseThrow();
        moves.ask(first.partitionId(), List.of(present.get(0), present.get(1), other));
        assertEquals(Set.of(first.partitionId()), turn(1_000, 1, 2, 3).move().keySet());
        learn(first.partitionId(), other);
        moves.ask(first.partitionId(), present);
        Moves.Steps steps = turn(1_000, 1, 2, 3);
        assertEquals(List.of(first.partitionId()), steps.abort(), "the controller forgets it, too");
        assertEquals(List.of(new Moves.Drop(first.partitionId(), other)), steps.drop());
    }

    @Test
    void whatALeavingNodeHoldsGoesElsewhereAFewAtATimeAndThenItLeaves() {
        long held = heldBy(1);
        assertTrue(held > AT_ONCE, "it holds " + held);
        assertEquals(0, turn(1_000, 1, 2, 3).count());
        drain(1);
        int turns = 0;
        while (heldBy(1) > 0) {
            Moves.Steps steps = turn(1_000, 1, 2, 3);
            assertTrue(steps.move().size() <= AT_ONCE, steps.toString());
            assertEquals(List.of(), steps.unregister());
            assertEquals(0, turn(1_000, 1, 2, 3).count(), "nothing is asked for twice");
            steps.move().forEach(this::finish);
            assertTrue(++turns < PARTITIONS, "it ends");
        }
        partitions().forEach(each -> assertEquals(3, each.replicas().voters().size()));
        assertEquals(List.of(), turn(1_000, 1, 2, 3).unregister(), "it votes on the metadata");
        assertEquals(List.of(picture.node(1)), turn(1_000, 2, 3, 4).unregister());
    }

    @Test
    void aNewControllerGoesOnWithTheLearnersThatItFinds() {
        drain(1);
        Moves.Steps steps = turn(1_000);
        long id = steps.move().keySet().iterator().next();
        List<Replica> next = Objects.requireNonNull(steps.move().get(id));
        next.stream()
                .filter(each -> !Objects.requireNonNull(picture.image.partition(id))
                        .replicas()
                        .contains(each))
                .forEach(each -> learn(id, each));
        moves = new Moves(LOST_MS, nowNs);
        assertEquals(next, turn(1_000).move().get(id));
    }

    @Test
    void aNodeThatIsFencedForLongIsReplacedAndNotBefore() {
        picture.took(Commands.fence(picture.node(2)));
        turn(0);
        assertEquals(0, turn(LOST_MS - 1).count());
        Moves.Steps steps = turn(1_000);
        assertEquals(AT_ONCE, steps.move().size());
        steps.move().forEach((id, next) -> assertTrue(next.stream().noneMatch(each -> each.nodeId() == 2)));

        picture.took(Commands.unfence(picture.node(2)));
        turn(1_000);
        picture.took(Commands.fence(picture.node(2)));
        moves = new Moves(LOST_MS, nowNs);
        turn(0);
        assertEquals(0, turn(LOST_MS / 2).count(), "time fenced does not add up");
    }

    @Test
    void aNodeThatComesBackWithAnotherDirectoryIsFilledAnew() {
        picture.took(Commands.fence(picture.node(2)));
        String fresh = new UUID(7, 2).toString();
        picture.register(2, fresh, "rack-2", "second");
        Moves.Steps steps = turn(1_000);
        assertEquals(AT_ONCE, steps.move().size());
        steps.move().forEach((id, next) -> {
            assertFalse(next.contains(new Replica(2, TestPicture.directory(2))));
            assertEquals(3, next.size());
        });
    }

    @Test
    void withNowhereToGoNothingHappens() {
        drain(1);
        drain(2);
        assertEquals(
                0,
                turn(1_000).move().values().stream()
                        .filter(next -> next.stream().allMatch(each -> each.nodeId() > 2))
                        .count());
    }

    @Test
    void aChangeTowardsALostNodeIsTakenBack() {
        List<Integer> present = voters(0);
        int other = List.of(1, 2, 3, 4).stream()
                .filter(node -> !present.contains(node))
                .findFirst()
                .orElseThrow();
        long id = partition(0).partitionId();
        int cfgVer = partition(0).cfgVer();
        begin(
                id,
                List.of(
                        partition(0).replicas().voters().get(0),
                        picture.node(other).replica()));
        assertEquals(0, turn(1_000).count());
        drain(other);
        Moves.Steps steps = turn(1_000);
        assertEquals(List.of(id), steps.abort());
        picture.took(Command.newBuilder()
                .setAbortJoint(AbortJoint.newBuilder().setPartitionId(id).setCfgVer(cfgVer + 1)));
        steps = turn(1_000);
        assertEquals(List.of(new Moves.Drop(id, picture.node(other).replica())), steps.drop());
    }

    @Test
    void whatAnOperatorWantsIsDoneThenLedByTheFirstAndLeavesNoLearners() {
        int other = List.of(1, 2, 3, 4).stream()
                .filter(node -> !voters(0).contains(node))
                .findFirst()
                .orElseThrow();
        long id = partition(0).partitionId();
        Replica stays = partition(0).replicas().voters().get(1);
        List<Replica> wanted = List.of(picture.node(other).replica(), stays);
        learn(id, picture.node(other).replica());
        moves.ask(id, wanted);
        assertEquals(wanted, turn(1_000).move().get(id));
        assertEquals(0, turn(1_000).count());
        finish(id, wanted);
        Moves.Steps steps = turn(1_000);
        assertEquals(List.of(partition(0)), steps.toPreferred());
        assertEquals(0, turn(1_000).count());

        Replica gone = picture.node(voters(1).get(0)).replica();
        int spare = List.of(1, 2, 3, 4).stream()
                .filter(node -> !voters(1).contains(node))
                .findFirst()
                .orElseThrow();
        assertTrue(partition(1).replicas().contains(gone));
        learn(partition(1).partitionId(), picture.node(spare).replica());
        moves.ask(partition(1).partitionId(), partition(1).replicas().voters());
        assertEquals(
                List.of(new Moves.Drop(
                        partition(1).partitionId(), picture.node(spare).replica())),
                turn(1_000).drop());
    }

    @Test
    void aNewNodeGetsItsShareAndThenNothingMoves() {
        picture.register(5, "first");
        Map<PartitionInfo, List<Replica>> plan = Balance.of(picture.image);
        plan.forEach((partition, next) -> finish(partition.partitionId(), next));
        for (int node = 1; node <= 5; node++) {
            int which = node;
            assertEquals(3 * PARTITIONS / 5, heldBy(node), "node " + node);
            long prefers = partitions().stream()
                    .filter(each -> each.replicas().voters().get(0).nodeId() == which)
                    .count();
            assertTrue(Math.abs(prefers - PARTITIONS / 5) <= 1, "node " + node + " is preferred for " + prefers);
        }
        Balance.of(picture.image)
                .forEach((partition, next) -> assertEquals(partition.replicas().voters(), next));
        assertTrue(plan.size() <= 3 * PARTITIONS / 5 + PARTITIONS / 2, "it moves " + plan.size());
    }

    @Test
    void whatHasFewerReplicasThanItsTopicWantsGetsMore() {
        long id = partition(0).partitionId();
        finish(id, List.of(partition(0).replicas().voters().get(0)));
        List<Replica> next = Objects.requireNonNull(Balance.of(picture.image).get(partition(0)));
        assertEquals(3, next.stream().map(Replica::nodeId).distinct().count());
    }

    @Test
    void noPartitionIsPutIntoFewerRacks() {
        picture.register(5, TestPicture.directory(5), "rack-1", "first");
        Balance.of(picture.image)
                .forEach((partition, next) -> assertEquals(
                        3,
                        next.stream()
                                .map(each ->
                                        picture.node(each.nodeId()).details().rack())
                                .distinct()
                                .count()));
        assertTrue(Balance.of(picture.image).values().stream()
                .anyMatch(next -> next.stream().anyMatch(each -> each.nodeId() == 5)));
    }
}
