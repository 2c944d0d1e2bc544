package io.headwater.broker.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.AlterTopic;
import io.headwater.protocol.wire.Anchor;
import io.headwater.protocol.wire.AssignedPartition;
import io.headwater.protocol.wire.Assignment;
import io.headwater.protocol.wire.DeleteGroup;
import io.headwater.protocol.wire.DeleteGroupReply;
import io.headwater.protocol.wire.DeleteTopic;
import io.headwater.protocol.wire.DeleteTopicReply;
import io.headwater.protocol.wire.DescribeGroup;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.GetPositions;
import io.headwater.protocol.wire.GroupDescription;
import io.headwater.protocol.wire.GroupHeartbeatReply;
import io.headwater.protocol.wire.GroupPartition;
import io.headwater.protocol.wire.Groups;
import io.headwater.protocol.wire.JoinGroupReply;
import io.headwater.protocol.wire.LeaveGroup;
import io.headwater.protocol.wire.LeaveGroupReply;
import io.headwater.protocol.wire.ListGroups;
import io.headwater.protocol.wire.Positions;
import io.headwater.protocol.wire.SeekGroup;
import io.headwater.protocol.wire.SeekGroupReply;
import io.headwater.protocol.wire.Topic;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GroupHandlersTest {
    @TempDir
    Path directory = Path.of("set by JUnit");

    private ControlWorld world = none();
    private FakeConnection one = new FakeConnection(1001);
    private FakeConnection two = new FakeConnection(1002);

    @SuppressWarnings("NullAway")
    private static ControlWorld none() {
        return null;
    }

    @BeforeEach
    void start() throws IOException {
        world = new ControlWorld(directory);
    }

    @AfterEach
    void stop() throws IOException {
        world.close();
    }

    private static Set<Long> ids(Assignment assignment) {
        return assignment.getPartitionsList().stream()
                .map(AssignedPartition::getPartitionId)
                .collect(Collectors.toSet());
    }

    private static AssignedPartition find(Assignment assignment, long partitionId) {
        return assignment.getPartitionsList().stream()
                .filter(partition -> partition.getPartitionId() == partitionId)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void givesAFirstMemberEverythingWithItsPositions() {
        Topic topic = world.topic("orders", 3);
        long first = topic.getPartitions(0).getPartitionId();
        assertEquals(ErrorCode.ERROR_NONE, world.commit(two, "g", "", 0, first, 5));
        JoinGroupReply joined = world.join(one, "g", "orders");
        assertEquals(3, joined.getAssignment().getPartitionsCount());
        assertEquals(5, find(joined.getAssignment(), first).getPosition());
        assertEquals(
                -1,
                find(joined.getAssignment(), topic.getPartitions(1).getPartitionId())
                        .getPosition());
        assertEquals(30_000, joined.getSessionTimeoutMs());
        assertEquals(3_000, joined.getHeartbeatIntervalMs());
        assertNotNull(world.image().group("g"));
    }

    @Test
    void movesAPartitionOnlyWhenItsReaderHasLetItGo() {
        world.topic("orders", 4);
        Assignment whole = world.join(one, "g", "orders").getAssignment();
        Assignment nothing = world.join(two, "g", "orders").getAssignment();
        assertEquals(0, nothing.getPartitionsCount());
        Assignment half = ControlWorld.lastPush(one);
        assertEquals(2, half.getPartitionsCount());
        // Heard, but still finishing: the member says that it reads all four.
        var finishing = ControlWorld.beat(whole).toBuilder()
                .setGeneration(half.getGeneration())
                .build();
        world.ask(one, FrameType.GROUP_HEARTBEAT, finishing, GroupHeartbeatReply.class);
        assertTrue(two.pushes.isEmpty());
        world.heartbeat(one, half);
        Assignment given = ControlWorld.lastPush(two);
        assertEquals(2, given.getPartitionsCount());
        assertTrue(ids(given).stream().noneMatch(ids(half)::contains));
        assertEquals(ids(whole), union(ids(given), ids(half)));
    }

    private static Set<Long> union(Set<Long> a, Set<Long> b) {
        Set<Long> all = new java.util.HashSet<>(a);
        all.addAll(b);
        return all;
    }

    @Test
    void putsTheNewestAssignmentIntoTheReplyToALateHeartbeat() {
        world.topic("orders", 2);
        Assignment whole = world.join(one, "g", "orders").getAssignment();
        world.join(two, "g", "orders");
        GroupHeartbeatReply late = world.heartbeat(one, whole);
        assertEquals(ControlWorld.lastPush(one), late.getAssignment());
        assertFalse(world.heartbeat(one, late.getAssignment()).hasAssignment());
    }

    @Test
    void takesCommitsOnlyFromTheReaderOfThePartition() {
        Topic topic = world.topic("orders", 2);
        JoinGroupReply first = world.join(one, "g", "orders");
        Assignment whole = first.getAssignment();
        long partition = topic.getPartitions(0).getPartitionId();
        int generation = whole.getGeneration();
        assertEquals(ErrorCode.ERROR_NONE, world.commit(one, "g", first.getMemberId(), generation, partition, 3));
        JoinGroupReply second = world.join(two, "g", "orders");
        Assignment half = ControlWorld.lastPush(one);
        world.heartbeat(one, half);
        Assignment given = ControlWorld.lastPush(two);
        long moved = ids(given).iterator().next();
        assertEquals(
                ErrorCode.ERROR_STALE_GENERATION, world.commit(one, "g", first.getMemberId(), generation, moved, 9));
        assertEquals(
                ErrorCode.ERROR_NONE, world.commit(two, "g", second.getMemberId(), given.getGeneration(), moved, 4));
        assertEquals(
                ErrorCode.ERROR_UNKNOWN_MEMBER, world.commit(two, "g", first.getMemberId(), generation, partition, 9));
        assertEquals(
                ErrorCode.ERROR_INVALID_REQUEST,
                world.commit(two, "g", second.getMemberId(), given.getGeneration() + 5, moved, 9));
        assertEquals(
                ErrorCode.ERROR_UNKNOWN_PARTITION,
                world.commit(two, "g", second.getMemberId(), given.getGeneration(), 999, 9));
    }

    @Test
    void takesCommitsFromOutsideOnlyWhileNobodyIsInTheGroup() {
        Topic topic = world.topic("orders", 1);
        long partition = topic.getPartitions(0).getPartitionId();
        assertEquals(ErrorCode.ERROR_NONE, world.commit(two, "g", "", 0, partition, 3));
        world.join(one, "g", "orders");
        var commit =
                io.headwater.protocol.wire.Commit.newBuilder().setGroup("g").build();
        assertEquals(
                ErrorCode.ERROR_GROUP_NOT_EMPTY,
                world.refusal(two, FrameType.COMMIT, commit).getCode());
    }

    @Test
    void keepsAnAssignmentThroughAShortBreakAndGivesItAwayAfterALongOne() {
        world.topic("orders", 2);
        JoinGroupReply first = world.join(one, "g", "orders");
        JoinGroupReply second = world.join(two, "g", "orders");
        world.heartbeat(one, ControlWorld.lastPush(one));
        Assignment half = ControlWorld.lastPush(two);
        world.heartbeat(two, half);
        world.disconnect(two);
        world.pass(world.config.groups().graceMs() - 1);
        FakeConnection back = world.connect();
        JoinGroupReply again = world.ask(
                back,
                FrameType.JOIN_GROUP,
                ControlWorld.joining("g", second.getMemberId(), "orders"),
                JoinGroupReply.class);
        assertEquals(half, again.getAssignment());
        world.disconnect(back);
        world.heartbeat(one, ControlWorld.lastPush(one));
        world.pass(world.config.groups().graceMs() + 1100);
        assertEquals(
                first.getAssignment().getPartitionsCount(),
                ControlWorld.lastPush(one).getPartitionsCount());
    }

    @Test
    void fencesAMemberThatIsSilentOverAnOpenConnection() {
        world.topic("orders", 1);
        JoinGroupReply first = world.join(one, "g", "orders");
        world.pass(world.config.groups().sessionTimeoutMs() + 1100);
        var late = ControlWorld.beat(first.getAssignment());
        assertEquals(
                ErrorCode.ERROR_UNKNOWN_MEMBER,
                world.refusal(one, FrameType.GROUP_HEARTBEAT, late).getCode());
    }

    /** A handler that never returns: the member's heartbeats go on, and say that it still reads everything. */
    @Test
    void takesAPartitionFromAMemberThatDoesNotGiveItUp() {
        world.topic("orders", 2);
        JoinGroupReply first = world.join(one, "g", "orders");
        Assignment whole = first.getAssignment();
        JoinGroupReply second = world.join(two, "g", "orders");
        Assignment half = ControlWorld.lastPush(one);
        long kept = ids(half).iterator().next();
        long lost = ids(whole).stream().filter(id -> id != kept).findFirst().orElseThrow();
        var hanging = ControlWorld.beat(whole).toBuilder()
                .setGeneration(half.getGeneration())
                .build();
        long stepMs = world.config.groups().sessionTimeoutMs() / 2;
        for (long ms = 0; ms < world.config.groups().revocationTimeoutMs() - stepMs; ms += stepMs) {
            world.pass(stepMs);
            world.ask(one, FrameType.GROUP_HEARTBEAT, hanging, GroupHeartbeatReply.class);
            world.heartbeat(two, second.getAssignment());
        }
        assertTrue(two.pushes.isEmpty(), "it may take its time");
        int generation = half.getGeneration();
        assertEquals(ErrorCode.ERROR_NONE, world.commit(one, "g", first.getMemberId(), generation, lost, 3));
        world.pass(stepMs);
        Assignment given = ControlWorld.lastPush(two);
        assertEquals(Set.of(lost), ids(given));
        assertEquals(3, find(given, lost).getPosition());
        world.ask(one, FrameType.GROUP_HEARTBEAT, hanging, GroupHeartbeatReply.class);
        assertEquals(
                ErrorCode.ERROR_STALE_GENERATION, world.commit(one, "g", first.getMemberId(), generation, lost, 4));
        assertEquals(ErrorCode.ERROR_NONE, world.commit(one, "g", first.getMemberId(), generation, kept, 4));
        assertEquals(
                ErrorCode.ERROR_NONE, world.commit(two, "g", second.getMemberId(), given.getGeneration(), lost, 4));
    }

    /** The control thread was held up: what waits in its mailbox counts before anybody is fenced. */
    @Test
    void doesNotFenceMembersForItsOwnDelay() {
        world.topic("orders", 1);
        JoinGroupReply first = world.join(one, "g", "orders");
        int beat = world.post(one, FrameType.GROUP_HEARTBEAT, ControlWorld.beat(first.getAssignment()));
        world.pass(world.config.groups().sessionTimeoutMs() * 2);
        assertNotNull(one.replyTo(beat));
        world.heartbeat(one, first.getAssignment());
    }

    @Test
    void givesAwayWhatALeavingMemberHadAtOnce() {
        world.topic("orders", 2);
        JoinGroupReply first = world.join(one, "g", "orders");
        world.join(two, "g", "orders");
        LeaveGroup leave = LeaveGroup.newBuilder()
                .setGroup("g")
                .setMemberId(first.getMemberId())
                .build();
        world.ask(one, FrameType.LEAVE_GROUP, leave, LeaveGroupReply.class);
        assertEquals(2, ControlWorld.lastPush(two).getPartitionsCount());
    }

    @Test
    void seeksWhileTheGroupRuns() {
        Topic topic = world.topic("orders", 2);
        long partition = topic.getPartitions(0).getPartitionId();
        world.partitions.append(partition, 10);
        JoinGroupReply joined = world.join(one, "g", "orders");
        int before = joined.getAssignment().getGeneration();
        world.commit(one, "g", joined.getMemberId(), before, partition, 8);
        world.partitions.hold();
        SeekGroup seek = SeekGroup.newBuilder()
                .setGroup("g")
                .setTopic("orders")
                .setPartition(0)
                .setAnchor(Anchor.ANCHOR_OFFSET)
                .setValue(2)
                .build();
        int request = world.post(two, FrameType.SEEK_GROUP, seek);
        world.settle();
        world.partitions.letGo();
        world.partitions.hold();
        world.settle();
        // The offset is found and the seek is on its way to the log: from here on old commits would undo it.
        assertNull(two.replyTo(request));
        int stale = world.post(one, FrameType.COMMIT, commitOf(joined, before, partition, 9));
        world.settle();
        assertTrue(one.pushes.isEmpty(), "not before the seek is durable");
        world.partitions.letGo();
        world.settle();
        assertEquals(
                ErrorCode.ERROR_STALE_GENERATION,
                ((io.headwater.protocol.wire.CommitReply) reply(one, stale))
                        .getResults(0)
                        .getError()
                        .getCode());
        SeekGroupReply moved = (SeekGroupReply) reply(two, request);
        assertEquals(2, moved.getPartitions(0).getPosition());
        AssignedPartition told = find(ControlWorld.lastPush(one), partition);
        assertEquals(2, told.getPosition());
        assertTrue(told.getSinceGeneration() > before);
        AssignedPartition other =
                find(ControlWorld.lastPush(one), topic.getPartitions(1).getPartitionId());
        assertTrue(other.getSinceGeneration() <= before, "the other partition goes on where it is");
        int generation = ControlWorld.lastPush(one).getGeneration();
        assertEquals(ErrorCode.ERROR_NONE, world.commit(one, "g", joined.getMemberId(), generation, partition, 3));
    }

    private static com.google.protobuf.MessageLite reply(FakeConnection connection, int request) {
        var reply = connection.replyTo(request);
        if (reply == null) {
            throw new AssertionError("no reply to " + request + ", but " + connection.failureOf(request));
        }
        return reply;
    }

    private static io.headwater.protocol.wire.Commit commitOf(
            JoinGroupReply member, int generation, long partition, long offset) {
        return io.headwater.protocol.wire.Commit.newBuilder()
                .setGroup("g")
                .setMemberId(member.getMemberId())
                .setGeneration(generation)
                .addPositions(io.headwater.protocol.wire.CommitPosition.newBuilder()
                        .setPartitionId(partition)
                        .setOffset(offset))
                .build();
    }

    @Test
    void movesNothingWhenOneOfTheOffsetsCannotBeFound() {
        Topic topic = world.topic("orders", 2);
        long good = topic.getPartitions(0).getPartitionId();
        world.commit(one, "g", "", 0, good, 4);
        world.partitions.offline.add(topic.getPartitions(1).getPartitionId());
        SeekGroup seek = SeekGroup.newBuilder()
                .setGroup("g")
                .setTopic("orders")
                .setPartition(-1)
                .setAnchor(Anchor.ANCHOR_BEGINNING)
                .build();
        assertEquals(
                ErrorCode.ERROR_PARTITION_OFFLINE,
                world.refusal(one, FrameType.SEEK_GROUP, seek).getCode());
        assertEquals(4, world.partitions.log(good).positions.values().iterator().next());
    }

    @Test
    void doesNotStartAReaderWhosePositionCannotBeReadAndStartsItLater() {
        Topic topic = world.topic("orders", 2);
        long bad = topic.getPartitions(0).getPartitionId();
        world.partitions.append(bad, 1);
        world.partitions.offline.add(bad);
        JoinGroupReply joined = world.join(one, "g", "orders");
        assertEquals(Set.of(topic.getPartitions(1).getPartitionId()), ids(joined.getAssignment()));
        world.partitions.offline.clear();
        world.pass(1100);
        world.pass(3000);
        world.pass(1100);
        Assignment later = ControlWorld.lastPush(one);
        assertEquals(2, later.getPartitionsCount());
        assertNotEquals(joined.getAssignment().getGeneration(), later.getGeneration());
    }

    @Test
    void givesMembersThePartitionsOfAGrownTopicAndTakesThoseOfADeletedOne() {
        Topic topic = world.topic("orders", 1);
        world.topic("other", 1);
        world.join(one, "g", "orders", "other");
        world.ask(
                two,
                FrameType.ALTER_TOPIC,
                AlterTopic.newBuilder().setName("orders").setPartitions(3).build(),
                Topic.class);
        assertEquals(4, ControlWorld.lastPush(one).getPartitionsCount());
        world.ask(
                two,
                FrameType.DELETE_TOPIC,
                DeleteTopic.newBuilder().setName("orders").build(),
                DeleteTopicReply.class);
        assertEquals(1, ControlWorld.lastPush(one).getPartitionsCount());
        assertFalse(
                ids(ControlWorld.lastPush(one)).contains(topic.getPartitions(0).getPartitionId()));
    }

    @Test
    void aGroupMadeAgainUnderItsNameStartsFromNothing() {
        Topic topic = world.topic("orders", 1);
        long partition = topic.getPartitions(0).getPartitionId();
        world.partitions.append(partition, 9);
        JoinGroupReply joined = world.join(one, "g", "orders");
        world.commit(one, "g", joined.getMemberId(), joined.getAssignment().getGeneration(), partition, 7);
        LeaveGroup leave = LeaveGroup.newBuilder()
                .setGroup("g")
                .setMemberId(joined.getMemberId())
                .build();
        world.ask(one, FrameType.LEAVE_GROUP, leave, LeaveGroupReply.class);
        world.ask(
                two,
                FrameType.DELETE_GROUP,
                DeleteGroup.newBuilder().setName("g").build(),
                DeleteGroupReply.class);
        Assignment fresh = world.join(one, "g", "orders").getAssignment();
        assertEquals(-1, fresh.getPartitions(0).getPosition());
    }

    @Test
    void whoJoinsDuringASeekStartsWhereTheSeekLeads() {
        Topic topic = world.topic("orders", 1);
        long partition = topic.getPartitions(0).getPartitionId();
        world.partitions.append(partition, 9);
        world.commit(one, "g", "", 0, partition, 7);
        SeekGroup seek = SeekGroup.newBuilder()
                .setGroup("g")
                .setTopic("orders")
                .setPartition(-1)
                .setAnchor(Anchor.ANCHOR_OFFSET)
                .setValue(2)
                .build();
        world.partitions.hold();
        world.post(two, FrameType.SEEK_GROUP, seek);
        world.settle();
        world.partitions.letGo();
        world.partitions.hold();
        world.settle();
        int join = world.post(one, FrameType.JOIN_GROUP, ControlWorld.joining("g", "", "orders"));
        world.settle();
        assertNull(one.replyTo(join));
        world.partitions.letGo();
        world.settle();
        JoinGroupReply joined = (JoinGroupReply) reply(one, join);
        assertEquals(2, joined.getAssignment().getPartitions(0).getPosition());
    }

    @Test
    void answersEveryJoinAlsoWhenOneOvertakesTheOther() {
        Topic topic = world.topic("orders", 1);
        world.partitions.append(topic.getPartitions(0).getPartitionId(), 1);
        world.partitions.hold();
        int first = world.post(one, FrameType.JOIN_GROUP, ControlWorld.joining("g", "me", "orders"));
        world.settle();
        int second = world.post(two, FrameType.JOIN_GROUP, ControlWorld.joining("g", "me", "orders"));
        world.settle();
        world.partitions.letGo();
        world.settle();
        assertNotNull(one.failureOf(first));
        assertNotNull(two.replyTo(second));
    }

    @Test
    void describesMembersPositionsAndLag() {
        Topic topic = world.topic("orders", 2);
        long partition = topic.getPartitions(0).getPartitionId();
        world.partitions.append(partition, 10);
        JoinGroupReply joined = world.join(one, "g", "orders");
        world.commit(one, "g", joined.getMemberId(), joined.getAssignment().getGeneration(), partition, 4);
        GroupDescription described = describe();
        assertEquals(1, described.getMembersCount());
        assertEquals("client-1001", described.getMembers(0).getClientName());
        GroupPartition behind = described.getPartitions(0);
        assertEquals("orders", behind.getTopic());
        assertEquals(6, behind.getLagRecords());
        assertEquals(60, behind.getLagMs());
        assertEquals(joined.getMemberId(), behind.getMemberId());
        Groups groups = world.ask(two, FrameType.LIST_GROUPS, ListGroups.getDefaultInstance(), Groups.class);
        assertEquals(1, groups.getGroups(0).getMembers());
        assertEquals(List.of("orders"), groups.getGroups(0).getTopicsList());
    }

    private GroupDescription describe() {
        return world.ask(
                two,
                FrameType.DESCRIBE_GROUP,
                DescribeGroup.newBuilder().setName("g").build(),
                GroupDescription.class);
    }

    @Test
    void saysWhatItKnowsOfAGroupWithAnOfflinePartition() {
        Topic topic = world.topic("orders", 2);
        world.partitions.append(topic.getPartitions(0).getPartitionId(), 1);
        world.join(one, "g", "orders");
        world.partitions.offline.add(topic.getPartitions(0).getPartitionId());
        GroupDescription described = describe();
        assertEquals(-1, described.getPartitions(0).getLagRecords());
        assertEquals(0, described.getPartitions(1).getLagRecords());
    }

    @Test
    void deletesAGroupOnlyWhenItIsEmptyAndForgetsItsPositions() {
        Topic topic = world.topic("orders", 1);
        long partition = topic.getPartitions(0).getPartitionId();
        JoinGroupReply joined = world.join(one, "g", "orders");
        world.commit(one, "g", joined.getMemberId(), joined.getAssignment().getGeneration(), partition, 1);
        DeleteGroup delete = DeleteGroup.newBuilder().setName("g").build();
        assertEquals(
                ErrorCode.ERROR_GROUP_NOT_EMPTY,
                world.refusal(two, FrameType.DELETE_GROUP, delete).getCode());
        LeaveGroup leave = LeaveGroup.newBuilder()
                .setGroup("g")
                .setMemberId(joined.getMemberId())
                .build();
        world.ask(one, FrameType.LEAVE_GROUP, leave, LeaveGroupReply.class);
        world.ask(two, FrameType.DELETE_GROUP, delete, DeleteGroupReply.class);
        assertNull(world.image().group("g"));
        assertTrue(world.partitions.log(partition).positions.isEmpty());
        assertEquals(
                ErrorCode.ERROR_UNKNOWN_GROUP,
                world.refusal(
                                two,
                                FrameType.DESCRIBE_GROUP,
                                DescribeGroup.newBuilder().setName("g").build())
                        .getCode());
    }

    @Test
    void refusesToJoinWhatDoesNotExist() {
        assertEquals(
                ErrorCode.ERROR_UNKNOWN_TOPIC,
                world.refusal(one, FrameType.JOIN_GROUP, ControlWorld.joining("g", "", "nowhere"))
                        .getCode());
        world.topic("orders", 1);
        assertEquals(
                ErrorCode.ERROR_INVALID_NAME,
                world.refusal(one, FrameType.JOIN_GROUP, ControlWorld.joining("a b", "", "orders"))
                        .getCode());
        assertEquals(
                ErrorCode.ERROR_INVALID_REQUEST,
                world.refusal(one, FrameType.JOIN_GROUP, ControlWorld.joining("g", ""))
                        .getCode());
    }

    @Test
    void answersAJoinBeforeItPushesAnythingToThatMember() {
        Topic topic = world.topic("orders", 4);
        topic.getPartitionsList().forEach(partition -> world.partitions.append(partition.getPartitionId(), 1));
        world.partitions.hold();
        world.post(one, FrameType.JOIN_GROUP, ControlWorld.joining("g", "", "orders"));
        world.post(two, FrameType.JOIN_GROUP, ControlWorld.joining("g", "", "orders"));
        world.settle();
        assertTrue(one.order.isEmpty(), "positions are not known yet");
        world.partitions.letGo();
        world.settle();
        assertTrue(one.order.get(0).startsWith("reply"), one.order.toString());
        assertTrue(two.order.get(0).startsWith("reply"), two.order.toString());
    }

    @Test
    void answersForClosedLogsWithoutOpeningThem() throws IOException {
        Topic topic = world.topic("orders", 3);
        for (var partition : topic.getPartitionsList()) {
            world.partitions.append(partition.getPartitionId(), 5);
            world.commit(one, "g", "", 0, partition.getPartitionId(), 5);
        }
        var prepared = world.agent.prepareToStop();
        world.settle();
        assertTrue(prepared.toCompletableFuture().isDone());
        world.partitions.closeAll();
        world = world.restart(directory);
        world.agent.begin();
        world.settle();
        GroupDescription described = describe();
        assertEquals(3, described.getPartitionsCount());
        described.getPartitionsList().forEach(partition -> assertEquals(5, partition.getPosition()));
        Positions positions = world.ask(
                one,
                FrameType.GET_POSITIONS,
                GetPositions.newBuilder()
                        .setGroup("g")
                        .addPartitionIds(topic.getPartitions(1).getPartitionId())
                        .build(),
                Positions.class);
        assertEquals(List.of(5L), positions.getOffsetsList());
        JoinGroupReply joined = world.join(two, "g", "orders");
        joined.getAssignment().getPartitionsList().forEach(one -> assertEquals(5, one.getPosition()));
        assertTrue(world.partitions.opened.isEmpty(), "opened " + world.partitions.opened);
    }

    @Test
    void opensNoLogThatWasNeverWrittenTo() {
        world.topic("orders", 3);
        assertEquals(3, world.partitions.expected.size());
        JoinGroupReply joined = world.join(one, "g", "orders");
        assertEquals(3, joined.getAssignment().getPartitionsCount());
        joined.getAssignment().getPartitionsList().forEach(one -> assertEquals(-1, one.getPosition()));
        assertEquals(3, describe().getPartitionsCount());
        assertTrue(world.partitions.opened.isEmpty(), "opened " + world.partitions.opened);
    }

    /** The view says 5, the log, closed later and cleanly, says 9: the log wins. */
    @Test
    void asksTheLogWhereTheViewIsOlder() throws IOException {
        Topic topic = world.topic("orders", 1);
        long partition = topic.getPartitions(0).getPartitionId();
        world.partitions.append(partition, 10);
        world.commit(one, "g", "", 0, partition, 5);
        world.agent.prepareToStop();
        world.settle();
        world.partitions.append(partition, 1);
        world.partitions.log(partition).positions.replaceAll((group, offset) -> 9L);
        world.partitions.closeAll();
        world = world.restart(directory);
        assertEquals(9, describe().getPartitions(0).getPosition());
    }

    @Test
    void rebuildsAViewThatSomebodyDeleted() throws IOException {
        Topic topic = world.topic("orders", 3);
        for (var partition : topic.getPartitionsList()) {
            world.partitions.append(partition.getPartitionId(), 5);
            world.commit(one, "g", "", 0, partition.getPartitionId(), 5);
        }
        world.agent.prepareToStop();
        world.settle();
        world.partitions.closeAll();
        world.loseViews();
        assertEquals(0, describe().getPartitionsCount(), "the control: without a rebuild the positions are not found");
        world.agent.begin();
        world.settle();
        world.partitions.opened.clear();
        GroupDescription described = describe();
        assertEquals(3, described.getPartitionsCount());
        described.getPartitionsList().forEach(partition -> assertEquals(5, partition.getPosition()));
        assertTrue(world.partitions.opened.isEmpty(), "the rebuilt view is believed again");
    }

    @Test
    void opensNothingAtTheStartWhereThereAreNoGroups() {
        Topic topic = world.topic("orders", 1);
        world.partitions.append(topic.getPartitions(0).getPartitionId(), 5);
        world.agent.begin();
        world.settle();
        assertTrue(world.partitions.opened.isEmpty());
        assertFalse(directory.resolve("views").toFile().exists(), "RocksDB is not even opened");
    }

    @Test
    void reportsLagToMetricsOnlyWhenSomebodyLooks() {
        Topic topic = world.topic("orders", 1);
        long partition = topic.getPartitions(0).getPartitionId();
        world.partitions.append(partition, 7);
        world.join(one, "g", "orders");
        world.partitions.opened.clear();
        world.pass(20_000);
        assertTrue(world.partitions.opened.isEmpty());
        assertTrue(world.agent.groupLags().isEmpty());
        world.pass(1100);
        assertEquals(7, world.agent.groupLags().get(0).records());
        assertEquals(70, world.agent.groupLags().get(0).ms());
    }
}
