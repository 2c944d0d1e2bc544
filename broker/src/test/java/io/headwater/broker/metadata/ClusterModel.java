package io.headwater.broker.metadata;

import io.headwater.broker.metadata.wire.BeginJoint;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.CreateTopic;
import io.headwater.broker.metadata.wire.Elect;
import io.headwater.broker.metadata.wire.RegisterNode;
import io.headwater.broker.metadata.wire.Seal;
import io.headwater.broker.metadata.wire.UnsafeRecover;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What commands about nodes and replicas should do, in the plainest way there is: mutable, with replicas and leaders as
 * text. Of a new topic it only says whether it may be made.
 */
final class ClusterModel {
    private static final class Node {
        String directory = "";
        String run = "";
        long incarnation;
        boolean fenced;
        boolean draining;
    }

    private static final class Partition {
        String topic = "";
        int epoch = 1;
        int cfgVer = 1;
        /** Empty: none. */
        String leader = "";

        List<String> voters = List.of();
        List<String> next = List.of();
        final Set<String> learners = new LinkedHashSet<>();

        boolean votes(String replica) {
            return voters.contains(replica) || next.contains(replica);
        }

        boolean has(String replica) {
            return votes(replica) || learners.contains(replica);
        }

        @Override
        public String toString() {
            return topic + " epoch " + epoch + " led by " + leader + " cfg " + cfgVer + " " + voters + " -> " + next
                    + " and " + new TreeSet<>(learners);
        }
    }

    private final Map<Integer, Node> nodes = new TreeMap<>();
    private final Map<Long, Partition> partitions = new TreeMap<>();
    private final Set<String> topics = new HashSet<>();

    private static String text(Replica replica) {
        return replica.nodeId() + "/" + replica.directoryId();
    }

    private static String text(io.headwater.broker.metadata.wire.Replica replica) {
        return replica.getNodeId() + "/" + replica.getDirectoryId();
    }

    private static List<String> texts(List<Replica> replicas) {
        return replicas.stream().map(ClusterModel::text).toList();
    }

    private static String nodeOf(String text) {
        return text.substring(0, text.indexOf('/'));
    }

    private static String leader(int nodeId, long incarnation) {
        return nodeId + "/" + incarnation;
    }

    /** Whether it takes effect, of a batch for each item; does it. */
    List<Boolean> apply(Command command, long index) {
        return switch (command.getCommandCase()) {
            case REGISTER_NODE -> List.of(register(command.getRegisterNode(), index));
            case FENCE_NODE ->
                List.of(fence(
                        command.getFenceNode().getNodeId(),
                        command.getFenceNode().getIncarnation(),
                        true));
            case UNFENCE_NODE ->
                List.of(fence(
                        command.getUnfenceNode().getNodeId(),
                        command.getUnfenceNode().getIncarnation(),
                        false));
            case DRAIN_NODE -> List.of(drain(command.getDrainNode().getNodeId()));
            case UNREGISTER_NODE ->
                List.of(unregister(command.getUnregisterNode().getNodeId()));
            case CREATE_TOPIC -> List.of(mayCreate(command.getCreateTopic()));
            case DELETE_TOPIC -> List.of(delete(command.getDeleteTopic().getName()));
            case SEAL ->
                command.getSeal().getItemsList().stream().map(this::seal).toList();
            case ELECT ->
                command.getElect().getItemsList().stream().map(this::elect).toList();
            case TRANSFER -> List.of(transfer(command));
            case ADD_LEARNER ->
                List.of(addLearner(
                        partitions.get(command.getAddLearner().getPartitionId()),
                        command.getAddLearner().getReplica()));
            case DROP_LEARNER ->
                List.of(dropLearner(
                        partitions.get(command.getDropLearner().getPartitionId()),
                        text(command.getDropLearner().getReplica())));
            case BEGIN_JOINT -> List.of(begin(command.getBeginJoint()));
            case FINISH_JOINT ->
                List.of(finish(
                        partitions.get(command.getFinishJoint().getPartitionId()),
                        command.getFinishJoint().getCfgVer()));
            case ABORT_JOINT ->
                List.of(abort(
                        partitions.get(command.getAbortJoint().getPartitionId()),
                        command.getAbortJoint().getCfgVer()));
            case UNSAFE_RECOVER -> List.of(recover(command.getUnsafeRecover()));
            default -> throw new IllegalArgumentException(command.toString());
        };
    }

    private boolean register(RegisterNode command, long index) {
        Node node = nodes.get(command.getNodeId());
        if (node != null
                && !node.fenced
                && !(node.directory.equals(command.getDirectoryId()) && node.run.equals(command.getRun()))) {
            return false;
        }
        if (node != null && node.directory.equals(command.getDirectoryId()) && node.run.equals(command.getRun())) {
            return true;
        }
        node = nodes.computeIfAbsent(command.getNodeId(), id -> new Node());
        node.directory = command.getDirectoryId();
        node.run = command.getRun();
        node.incarnation = index;
        node.fenced = false;
        String self = command.getNodeId() + "/" + node.directory;
        for (Partition partition : partitions.values()) {
            if (partition.voters.equals(List.of(self)) && partition.next.isEmpty()) {
                partition.epoch++;
                partition.leader = leader(command.getNodeId(), index);
            }
        }
        return true;
    }

    private boolean fence(int nodeId, long incarnation, boolean fenced) {
        Node node = nodes.get(nodeId);
        if (node == null || node.incarnation != incarnation) {
            return false;
        }
        node.fenced = fenced;
        return true;
    }

    private boolean drain(int nodeId) {
        Node node = nodes.get(nodeId);
        if (node != null) {
            node.draining = true;
        }
        return node != null;
    }

    private boolean unregister(int nodeId) {
        for (Partition partition : partitions.values()) {
            List<String> all = new ArrayList<>(partition.voters);
            all.addAll(partition.next);
            all.addAll(partition.learners);
            if (all.stream().anyMatch(replica -> nodeOf(replica).equals(String.valueOf(nodeId)))) {
                return false;
            }
        }
        return nodes.remove(nodeId) != null;
    }

    private boolean mayCreate(CreateTopic command) {
        boolean led = nodes.values().stream().anyMatch(node -> !node.fenced && !node.draining);
        long staying = nodes.values().stream().filter(node -> !node.draining).count();
        return led && !topics.contains(command.getName()) && staying >= command.getReplicas();
    }

    /** The topic was made. */
    void made(TopicInfo topic) {
        topics.add(topic.name());
        for (PartitionInfo one : topic.partitions()) {
            Partition partition = new Partition();
            partition.topic = topic.name();
            partition.voters = texts(one.replicas().voters());
            int first = one.replicas().voters().get(0).nodeId();
            partition.leader = leader(first, Objects.requireNonNull(nodes.get(first)).incarnation);
            partitions.put(one.partitionId(), partition);
        }
    }

    private boolean delete(String topic) {
        partitions.values().removeIf(partition -> partition.topic.equals(topic));
        return topics.remove(topic);
    }

    private boolean seal(Seal.Item item) {
        Partition partition = partitions.get(item.getPartitionId());
        if (partition == null || partition.epoch != item.getEpoch()) {
            return false;
        }
        partition.epoch++;
        partition.leader = "";
        return true;
    }

    private boolean canLead(Partition partition, int nodeId, long incarnation) {
        Node node = nodes.get(nodeId);
        return node != null
                && !node.fenced
                && node.incarnation == incarnation
                && partition.votes(nodeId + "/" + node.directory);
    }

    private boolean elect(Elect.Item item) {
        Partition partition = partitions.get(item.getPartitionId());
        if (partition == null
                || !partition.leader.isEmpty()
                || partition.epoch != item.getEpoch()
                || partition.cfgVer != item.getCfgVer()
                || !canLead(partition, item.getNodeId(), item.getIncarnation())) {
            return false;
        }
        partition.leader = leader(item.getNodeId(), item.getIncarnation());
        return true;
    }

    private boolean transfer(Command command) {
        int nodeId = command.getTransfer().getNodeId();
        long incarnation = command.getTransfer().getIncarnation();
        Partition partition = partitions.get(command.getTransfer().getPartitionId());
        if (partition == null
                || partition.leader.isEmpty()
                || partition.epoch != command.getTransfer().getEpoch()
                || !canLead(partition, nodeId, incarnation)) {
            return false;
        }
        partition.epoch++;
        partition.leader = leader(nodeId, incarnation);
        return true;
    }

    private boolean addLearner(@Nullable Partition partition, io.headwater.broker.metadata.wire.Replica replica) {
        Node node = nodes.get(replica.getNodeId());
        if (partition == null
                || partition.votes(text(replica))
                || node == null
                || node.draining
                || !node.directory.equals(replica.getDirectoryId())) {
            return false;
        }
        partition.learners.add(text(replica));
        return true;
    }

    private static boolean dropLearner(@Nullable Partition partition, String replica) {
        if (partition == null || partition.votes(replica)) {
            return false;
        }
        partition.learners.remove(replica);
        return true;
    }

    private boolean begin(BeginJoint command) {
        Partition partition = partitions.get(command.getPartitionId());
        List<String> next =
                command.getVotersList().stream().map(ClusterModel::text).toList();
        Set<String> onNodes = new HashSet<>();
        next.forEach(replica -> onNodes.add(nodeOf(replica)));
        if (partition == null
                || partition.cfgVer != command.getCfgVer()
                || !partition.next.isEmpty()
                || next.isEmpty()
                || onNodes.size() < next.size()) {
            return false;
        }
        for (String replica : next) {
            Node node = nodes.get(Integer.parseInt(nodeOf(replica)));
            boolean present = node != null && replica.endsWith("/" + node.directory);
            if (!partition.voters.contains(replica) && !(partition.learners.contains(replica) && present)) {
                return false;
            }
        }
        partition.cfgVer++;
        partition.next = next;
        next.forEach(partition.learners::remove);
        return true;
    }

    private static boolean leaves(Partition partition, List<String> staying) {
        return !partition.leader.isEmpty()
                && staying.stream().noneMatch(replica -> nodeOf(replica).equals(nodeOf(partition.leader)));
    }

    private static boolean finish(@Nullable Partition partition, int cfgVer) {
        if (partition == null
                || partition.cfgVer != cfgVer
                || partition.next.isEmpty()
                || leaves(partition, partition.next)) {
            return false;
        }
        partition.cfgVer++;
        partition.voters = partition.next;
        partition.next = List.of();
        return true;
    }

    private static boolean abort(@Nullable Partition partition, int cfgVer) {
        if (partition == null
                || partition.cfgVer != cfgVer
                || partition.next.isEmpty()
                || leaves(partition, partition.voters)) {
            return false;
        }
        partition.cfgVer++;
        for (String replica : partition.next) {
            if (!partition.voters.contains(replica)) {
                partition.learners.add(replica);
            }
        }
        partition.next = List.of();
        return true;
    }

    private boolean recover(UnsafeRecover command) {
        Partition partition = partitions.get(command.getPartitionId());
        String replica = text(command.getReplica());
        Node node = nodes.get(command.getReplica().getNodeId());
        if (partition == null
                || partition.epoch != command.getEpoch()
                || (hasMajority(partition.voters) && (partition.next.isEmpty() || hasMajority(partition.next)))
                || !partition.has(replica)
                || node == null
                || node.fenced
                || !replica.endsWith("/" + node.directory)) {
            return false;
        }
        partition.epoch++;
        partition.cfgVer++;
        partition.leader = leader(command.getReplica().getNodeId(), node.incarnation);
        partition.voters = List.of(replica);
        partition.next = List.of();
        partition.learners.clear();
        return true;
    }

    private boolean hasMajority(List<String> voters) {
        int live = 0;
        for (String voter : voters) {
            Node node = nodes.get(Integer.parseInt(nodeOf(voter)));
            live += node != null && !node.fenced && voter.endsWith("/" + node.directory) ? 1 : 0;
        }
        return 2 * live > voters.size();
    }

    /** All that it knows, as text. */
    String text() {
        StringBuilder text = new StringBuilder();
        nodes.forEach((id, node) -> text.append(id + " " + node.directory + " " + node.run + " " + node.incarnation
                + (node.fenced ? " fenced" : "") + (node.draining ? " draining" : "") + "\n"));
        partitions.forEach((id, partition) -> text.append(id + " " + partition + "\n"));
        return text.toString();
    }

    /** The same of a picture. */
    static String text(MetadataImage image) {
        ClusterModel model = new ClusterModel();
        for (NodeInfo one : image.nodes()) {
            Node node = new Node();
            node.directory = one.directoryId();
            node.run = one.run();
            node.incarnation = one.incarnation();
            node.fenced = one.fenced();
            node.draining = one.draining();
            model.nodes.put(one.nodeId(), node);
        }
        for (TopicInfo topic : image.topics()) {
            for (PartitionInfo one : topic.partitions()) {
                Leader leader = one.leader();
                Partition partition = new Partition();
                partition.topic = one.topicName();
                partition.epoch = one.epoch();
                partition.cfgVer = one.cfgVer();
                partition.leader = leader == null ? "" : leader(leader.nodeId(), leader.incarnation());
                partition.voters = texts(one.replicas().voters());
                partition.next = texts(one.replicas().nextVoters());
                partition.learners.addAll(texts(one.replicas().learners()));
                model.partitions.put(one.partitionId(), partition);
            }
        }
        return model.text();
    }
}
