package io.headwater.protocol;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.headwater.protocol.wire.AlterQueueGroup;
import io.headwater.protocol.wire.AlterTopic;
import io.headwater.protocol.wire.Assignment;
import io.headwater.protocol.wire.ClusterDescription;
import io.headwater.protocol.wire.Commit;
import io.headwater.protocol.wire.CommitReply;
import io.headwater.protocol.wire.CreateQueueGroup;
import io.headwater.protocol.wire.CreateTopic;
import io.headwater.protocol.wire.Credit;
import io.headwater.protocol.wire.DeleteGroup;
import io.headwater.protocol.wire.DeleteGroupReply;
import io.headwater.protocol.wire.DeleteQueueGroup;
import io.headwater.protocol.wire.DeleteQueueGroupReply;
import io.headwater.protocol.wire.DeleteTopic;
import io.headwater.protocol.wire.DeleteTopicReply;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.DescribeGroup;
import io.headwater.protocol.wire.DescribeQueueGroup;
import io.headwater.protocol.wire.DescribeTopic;
import io.headwater.protocol.wire.EraseRecords;
import io.headwater.protocol.wire.EraseRecordsReply;
import io.headwater.protocol.wire.FindOffset;
import io.headwater.protocol.wire.FindOffsetReply;
import io.headwater.protocol.wire.GetCluster;
import io.headwater.protocol.wire.GetPositions;
import io.headwater.protocol.wire.GetQueueGroups;
import io.headwater.protocol.wire.GetStatus;
import io.headwater.protocol.wire.GetTopics;
import io.headwater.protocol.wire.Goodbye;
import io.headwater.protocol.wire.GroupDescription;
import io.headwater.protocol.wire.GroupHeartbeat;
import io.headwater.protocol.wire.GroupHeartbeatReply;
import io.headwater.protocol.wire.Groups;
import io.headwater.protocol.wire.Hello;
import io.headwater.protocol.wire.HelloReply;
import io.headwater.protocol.wire.InitProducer;
import io.headwater.protocol.wire.InitProducerReply;
import io.headwater.protocol.wire.JoinGroup;
import io.headwater.protocol.wire.JoinGroupReply;
import io.headwater.protocol.wire.LeaveGroup;
import io.headwater.protocol.wire.LeaveGroupReply;
import io.headwater.protocol.wire.ListGroups;
import io.headwater.protocol.wire.OperateCluster;
import io.headwater.protocol.wire.OperateClusterReply;
import io.headwater.protocol.wire.Positions;
import io.headwater.protocol.wire.Produce;
import io.headwater.protocol.wire.ProduceReply;
import io.headwater.protocol.wire.QueueBrowse;
import io.headwater.protocol.wire.QueueClose;
import io.headwater.protocol.wire.QueueCloseReply;
import io.headwater.protocol.wire.QueueCredit;
import io.headwater.protocol.wire.QueueDeliver;
import io.headwater.protocol.wire.QueueExplain;
import io.headwater.protocol.wire.QueueExplanation;
import io.headwater.protocol.wire.QueueGroup;
import io.headwater.protocol.wire.QueueGroupDescription;
import io.headwater.protocol.wire.QueueGroups;
import io.headwater.protocol.wire.QueueOpen;
import io.headwater.protocol.wire.QueueOpenReply;
import io.headwater.protocol.wire.QueueOperate;
import io.headwater.protocol.wire.QueueOperateReply;
import io.headwater.protocol.wire.QueueRecords;
import io.headwater.protocol.wire.QueueSettle;
import io.headwater.protocol.wire.QueueSettleReply;
import io.headwater.protocol.wire.SeekGroup;
import io.headwater.protocol.wire.SeekGroupReply;
import io.headwater.protocol.wire.Status;
import io.headwater.protocol.wire.Subscribe;
import io.headwater.protocol.wire.SubscribeReply;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.TopicDescription;
import io.headwater.protocol.wire.Topics;
import io.headwater.protocol.wire.Unsubscribe;
import io.headwater.protocol.wire.UnsubscribeReply;
import org.jspecify.annotations.Nullable;

/** What a frame is about. The id is the frame's type byte; ids are never reused. */
public enum FrameType {
    HELLO(1, Hello.parser(), HelloReply.parser()),
    PRODUCE(2, Produce.parser(), ProduceReply.parser()),
    SUBSCRIBE(3, Subscribe.parser(), SubscribeReply.parser()),
    /** A request without a reply. */
    CREDIT(4, Credit.parser(), null),
    UNSUBSCRIBE(5, Unsubscribe.parser(), UnsubscribeReply.parser()),
    /** A push only. */
    DELIVER(6, Deliver.parser()),
    /** A push only. */
    GOODBYE(7, Goodbye.parser()),
    INIT_PRODUCER(10, InitProducer.parser(), InitProducerReply.parser()),
    GET_TOPICS(20, GetTopics.parser(), Topics.parser()),
    CREATE_TOPIC(21, CreateTopic.parser(), Topic.parser()),
    ALTER_TOPIC(22, AlterTopic.parser(), Topic.parser()),
    DELETE_TOPIC(23, DeleteTopic.parser(), DeleteTopicReply.parser()),
    DESCRIBE_TOPIC(24, DescribeTopic.parser(), TopicDescription.parser()),
    FIND_OFFSET(25, FindOffset.parser(), FindOffsetReply.parser()),
    ERASE_RECORDS(26, EraseRecords.parser(), EraseRecordsReply.parser()),
    JOIN_GROUP(30, JoinGroup.parser(), JoinGroupReply.parser()),
    GROUP_HEARTBEAT(31, GroupHeartbeat.parser(), GroupHeartbeatReply.parser()),
    LEAVE_GROUP(32, LeaveGroup.parser(), LeaveGroupReply.parser()),
    /** A push only. */
    ASSIGNMENT(33, Assignment.parser()),
    COMMIT(34, Commit.parser(), CommitReply.parser()),
    GET_POSITIONS(35, GetPositions.parser(), Positions.parser()),
    LIST_GROUPS(36, ListGroups.parser(), Groups.parser()),
    DESCRIBE_GROUP(37, DescribeGroup.parser(), GroupDescription.parser()),
    SEEK_GROUP(38, SeekGroup.parser(), SeekGroupReply.parser()),
    DELETE_GROUP(39, DeleteGroup.parser(), DeleteGroupReply.parser()),
    GET_STATUS(40, GetStatus.parser(), Status.parser()),
    GET_CLUSTER(41, GetCluster.parser(), ClusterDescription.parser()),
    OPERATE_CLUSTER(42, OperateCluster.parser(), OperateClusterReply.parser()),
    QUEUE_OPEN(50, QueueOpen.parser(), QueueOpenReply.parser()),
    /** A request without a reply. */
    QUEUE_CREDIT(51, QueueCredit.parser(), null),
    QUEUE_CLOSE(52, QueueClose.parser(), QueueCloseReply.parser()),
    /** A push only. */
    QUEUE_DELIVER(53, QueueDeliver.parser()),
    QUEUE_SETTLE(54, QueueSettle.parser(), QueueSettleReply.parser()),
    QUEUE_BROWSE(55, QueueBrowse.parser(), QueueRecords.parser()),
    QUEUE_EXPLAIN(56, QueueExplain.parser(), QueueExplanation.parser()),
    QUEUE_OPERATE(57, QueueOperate.parser(), QueueOperateReply.parser()),
    CREATE_QUEUE_GROUP(60, CreateQueueGroup.parser(), QueueGroup.parser()),
    ALTER_QUEUE_GROUP(61, AlterQueueGroup.parser(), QueueGroup.parser()),
    DELETE_QUEUE_GROUP(62, DeleteQueueGroup.parser(), DeleteQueueGroupReply.parser()),
    GET_QUEUE_GROUPS(63, GetQueueGroups.parser(), QueueGroups.parser()),
    DESCRIBE_QUEUE_GROUP(64, DescribeQueueGroup.parser(), QueueGroupDescription.parser());

    private static final @Nullable FrameType[] BY_ID = new @Nullable FrameType[256];

    static {
        for (FrameType type : values()) {
            BY_ID[type.id] = type;
        }
    }

    private final int id;
    private final @Nullable Parser<? extends MessageLite> request;
    private final @Nullable Parser<? extends MessageLite> reply;
    private final @Nullable Parser<? extends MessageLite> push;

    FrameType(int id, Parser<? extends MessageLite> push) {
        this.id = id;
        this.request = null;
        this.reply = null;
        this.push = push;
    }

    FrameType(int id, Parser<? extends MessageLite> request, @Nullable Parser<? extends MessageLite> reply) {
        this.id = id;
        this.request = request;
        this.reply = reply;
        this.push = null;
    }

    /** The type byte. */
    public int id() {
        return id;
    }

    /** Null where a client never sends this type. */
    public @Nullable Parser<? extends MessageLite> request() {
        return request;
    }

    /** Null where nothing is answered. */
    public @Nullable Parser<? extends MessageLite> reply() {
        return reply;
    }

    /** Null where the broker never sends this type unasked. */
    public @Nullable Parser<? extends MessageLite> push() {
        return push;
    }

    /** The type with this id, or null: a peer that speaks another protocol, or a later version of this one. */
    public static @Nullable FrameType byId(int id) {
        return id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
    }
}
