package io.headwater.broker.metadata;

import io.headwater.broker.metadata.Outcome.Committed;
import io.headwater.broker.metadata.Outcome.Refused;
import io.headwater.broker.metadata.wire.AllocateProducerIds;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.protocol.wire.ErrorCode;

/**
 * What each command does to the picture: a pure function of picture, index and command, the same on every broker and in
 * every replay. A refused command changes nothing.
 *
 * <p>Brokers and controllers propose from old pictures, twice, and against each other. That does no harm because each
 * command about a partition or a node names the epoch, the version of the voters or the incarnation that it is about, and
 * takes effect only where the picture still says the same.
 */
public final class MetadataMachine {
    /** The most partitions of one topic; a broker's configuration may allow fewer. */
    public static final int MAX_PARTITIONS = 1_000_000;

    private static final int MAX_PRODUCER_IDS = 1_000_000;

    private MetadataMachine() {}

    /**
     * @param index of the command in the metadata log; must be the one after the picture's
     */
    public static Outcome apply(MetadataImage image, long index, Command command) {
        if (index != image.appliedIndex() + 1) {
            throw new IllegalArgumentException(
                    "index: " + index + " (expected: " + (image.appliedIndex() + 1) + ", the next one)");
        }
        MetadataImage next = image.at(index);
        long atMs = command.getProposedAtMs();
        return switch (command.getCommandCase()) {
            case CREATE_TOPIC -> TopicCommands.create(next, command.getCreateTopic(), atMs);
            case ALTER_TOPIC -> TopicCommands.alter(next, command.getAlterTopic());
            case DELETE_TOPIC -> TopicCommands.delete(next, command.getDeleteTopic());
            case ALLOCATE_PRODUCER_IDS -> allocateProducerIds(next, command.getAllocateProducerIds());
            case CREATE_GROUP -> GroupCommands.createGroup(next, command.getCreateGroup(), atMs);
            case DELETE_GROUP -> GroupCommands.deleteGroup(next, command.getDeleteGroup());
            case CREATE_QUEUE_GROUP -> GroupCommands.createQueueGroup(next, command.getCreateQueueGroup(), atMs);
            case ALTER_QUEUE_GROUP -> GroupCommands.alterQueueGroup(next, command.getAlterQueueGroup());
            case DELETE_QUEUE_GROUP -> GroupCommands.deleteQueueGroup(next, command.getDeleteQueueGroup());
            case REGISTER_NODE -> NodeCommands.register(next, command.getRegisterNode());
            case FENCE_NODE ->
                NodeCommands.fence(
                        next,
                        command.getFenceNode().getNodeId(),
                        command.getFenceNode().getIncarnation());
            case UNFENCE_NODE ->
                NodeCommands.unfence(
                        next,
                        command.getUnfenceNode().getNodeId(),
                        command.getUnfenceNode().getIncarnation());
            case DRAIN_NODE -> NodeCommands.drain(next, command.getDrainNode());
            case UNREGISTER_NODE -> NodeCommands.unregister(next, command.getUnregisterNode());
            case SET_FEATURE -> NodeCommands.setFeature(next, command.getSetFeature());
            case SEAL -> LeaderCommands.seal(next, command.getSeal());
            case ELECT -> LeaderCommands.elect(next, command.getElect(), atMs);
            case TRANSFER -> LeaderCommands.transfer(next, command.getTransfer());
            case UNSAFE_RECOVER -> LeaderCommands.unsafeRecover(next, command.getUnsafeRecover(), atMs);
            case RECOVER_METADATA -> LostQuorum.recover(next, command.getRecoverMetadata(), atMs);
            case ADOPT_METADATA -> Adoption.apply(next, command.getAdoptMetadata());
            case ADD_LEARNER -> VoterCommands.addLearner(next, command.getAddLearner());
            case DROP_LEARNER -> VoterCommands.dropLearner(next, command.getDropLearner());
            case BEGIN_JOINT -> VoterCommands.beginJoint(next, command.getBeginJoint());
            case FINISH_JOINT -> VoterCommands.finishJoint(next, command.getFinishJoint());
            case ABORT_JOINT -> VoterCommands.abortJoint(next, command.getAbortJoint());
            case COMMAND_NOT_SET ->
                new Refused(
                        ErrorCode.ERROR_INVALID_REQUEST,
                        "the metadata command is of a kind that this version does not know");
        };
    }

    private static Outcome allocateProducerIds(MetadataImage image, AllocateProducerIds command) {
        if (command.getCount() < 1 || command.getCount() > MAX_PRODUCER_IDS) {
            return new Refused(
                    ErrorCode.ERROR_INVALID_REQUEST,
                    "producer ids: " + command.getCount() + " (expected: 1 to " + MAX_PRODUCER_IDS + ")");
        }
        NextIds ids = image.next();
        return Committed.withId(image.withNext(ids.afterProducers(command.getCount())), ids.producerId());
    }
}
