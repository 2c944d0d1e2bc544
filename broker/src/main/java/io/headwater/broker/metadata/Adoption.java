package io.headwater.broker.metadata;

import io.headwater.broker.metadata.Outcome.Committed;
import io.headwater.broker.metadata.Outcome.Refused;
import io.headwater.broker.metadata.wire.AdoptMetadata;
import io.headwater.broker.metadata.wire.GroupState;
import io.headwater.broker.metadata.wire.State;
import io.headwater.broker.metadata.wire.TopicState;
import io.headwater.protocol.wire.ErrorCode;
import java.util.ArrayList;
import java.util.List;

/**
 * What a broker knew while it stood alone becomes the first commands of its cluster's log, so that whoever reads the log
 * from its beginning knows it too. The first has all but topics and groups; the others add those, as many as a command takes.
 */
public final class Adoption {
    /** Of one command: an entry of the log has to fit into the buffers of those who send and write it. */
    private static final int MOST_BYTES = 128 << 10;

    /** What fits into those, whatever else stands beside it. */
    private static final int MOST_BYTES_OF_A_TOPIC = 384 << 10;

    private Adoption() {}

    /**
     * The commands, in order. They take effect in a picture in which nothing has happened yet.
     *
     * @throws IllegalArgumentException if a topic has too many partitions for one command
     */
    public static List<AdoptMetadata> of(MetadataImage image) {
        State all = MetadataCodec.snapshot(image);
        State rest = all.toBuilder().clearTopics().clearGroups().build();
        List<AdoptMetadata> commands = new ArrayList<>();
        commands.add(command(rest));
        State.Builder part = rest.toBuilder();
        for (TopicState topic : all.getTopicsList()) {
            if (topic.getSerializedSize() > MOST_BYTES_OF_A_TOPIC) {
                throw new IllegalArgumentException(
                        "topic " + topic.getName() + ": " + topic.getPartitionIdsCount()
                                + " partitions are too many to be taken into a cluster; delete it, or publish its records anew");
            }
            part = withRoom(commands, rest, part, topic.getSerializedSize()).addTopics(topic);
        }
        for (GroupState group : all.getGroupsList()) {
            part = withRoom(commands, rest, part, group.getSerializedSize()).addGroups(group);
        }
        commands.add(command(part.build()));
        return commands;
    }

    private static State.Builder withRoom(List<AdoptMetadata> commands, State rest, State.Builder part, int bytes) {
        State so = part.build();
        if (so.getTopicsCount() + so.getGroupsCount() == 0 || so.getSerializedSize() + bytes <= MOST_BYTES) {
            return part;
        }
        commands.add(command(so));
        return rest.toBuilder();
    }

    private static AdoptMetadata command(State part) {
        return AdoptMetadata.newBuilder().setPart(part).build();
    }

    static Outcome apply(MetadataImage image, AdoptMetadata command) {
        MetadataImage part;
        try {
            part = MetadataCodec.image(command.getPart());
        } catch (IllegalArgumentException e) {
            return new Refused(ErrorCode.ERROR_INVALID_CONFIG, "what is to be taken over: " + e.getMessage());
        }
        boolean first = image.nodes().isEmpty() && image.topicCount() == 0 && image.groupCount() == 0;
        boolean known = part.topics().stream().anyMatch(topic -> image.topic(topic.name()) != null)
                || part.groups().stream().anyMatch(group -> image.group(group.name()) != null);
        if (known || !part.clusterId().equals(image.clusterId()) || (!first && !sameNodes(part, image))) {
            return new Refused(
                    ErrorCode.ERROR_INVALID_CONFIG,
                    "only a cluster in which nothing has happened yet takes over what a broker knew that stood alone");
        }
        // Incarnations are numbers of commands, and never come back.
        MetadataImage taken =
                first ? part.at(Math.max(image.appliedIndex(), part.appliedIndex())) : image.withTopics(part.topics());
        if (!first) {
            for (GroupInfo group : part.groups()) {
                taken = taken.withGroup(group);
            }
        }
        return Committed.of(taken);
    }

    private static boolean sameNodes(MetadataImage part, MetadataImage image) {
        return List.copyOf(part.nodes()).equals(List.copyOf(image.nodes()));
    }
}
