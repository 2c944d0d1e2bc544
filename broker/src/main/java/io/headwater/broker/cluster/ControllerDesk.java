package io.headwater.broker.cluster;

import io.headwater.broker.copy.Views;
import io.headwater.broker.metadata.Leader;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.Replica;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.Elect;
import io.headwater.broker.metadata.wire.Seal;
import io.headwater.broker.peer.ControllerCodec;
import io.headwater.broker.peer.Peers;
import io.headwater.broker.peer.wire.FromController;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.peer.wire.SealRequest;
import io.headwater.broker.replica.Controller;
import io.headwater.broker.replica.ControllerMessage.SealReport;
import io.headwater.broker.replica.ControllerPorts;
import io.headwater.broker.replica.ControllerSettings;
import io.headwater.broker.replica.MetadataCommand;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The controller of all partitions at work: what the metadata and the replicas say goes in, and what it asks for goes out
 * once a turn, many partitions in one command and in one message to each node. On the owner's thread.
 */
final class ControllerDesk implements ControllerPorts {
    private static final Logger LOG = LoggerFactory.getLogger(ControllerDesk.class);
    /** Larger entries take the metadata log long enough to be noticed. */
    private static final int MOST_ITEMS = 500;
    /** In one message, which is far from the largest then. */
    private static final int MOST_REQUESTS = 10_000;

    private static final long SLOW_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long FAST_NS = TimeUnit.MILLISECONDS.toNanos(10);
    /** How long after a report an election may still wait for a better one. */
    private static final long UNDER_WAY_NS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Peers peers;
    private final Consumer<Command.Builder> propose;
    private final Controller controller;
    private final Map<Long, MetadataCommand.Seal> seals = new LinkedHashMap<>();
    private final Map<Long, MetadataCommand.Elect> elects = new LinkedHashMap<>();
    private final List<MetadataCommand> others = new ArrayList<>();
    private final SortedMap<Integer, FromController.Builder> requests = new TreeMap<>();
    private final Handback handback;
    private final long startNs;
    private MetadataImage image;
    private boolean mayHaveLostLeaders = true;
    /** As of the last look. */
    private boolean haveLostLeaders;

    private long tickNs;
    private long lookedNs;
    private long fastUntilNs;

    /** @param propose takes what it wants agreed on; that it fails is made up for by asking again */
    ControllerDesk(
            ControllerSettings settings,
            Peers peers,
            Handback handback,
            Consumer<Command.Builder> propose,
            MetadataImage image,
            long nowNs) {
        this.controller = new Controller(this, settings);
        this.handback = handback;
        this.peers = peers;
        this.propose = propose;
        this.startNs = nowNs;
        this.tickNs = nowNs;
        this.lookedNs = nowNs;
        this.fastUntilNs = nowNs;
        this.image = MetadataImage.empty(image.clusterId());
        onImage(image, nowNs);
    }

    void onImage(MetadataImage next, long nowNs) {
        tick(nowNs); // what is asked for now is not overdue at the next one
        handback.onImage(next, nowNs);
        MetadataImage before = image;
        image = next;
        for (TopicInfo topic : before.topics()) {
            if (!isSame(next.topic(topic.name()), topic)) {
                forgetGone(topic);
            }
        }
        for (TopicInfo topic : next.topics()) {
            if (!isSame(before.topic(topic.name()), topic)) {
                see(before, topic);
            }
        }
        mayHaveLostLeaders = true;
    }

    /** Pictures share what has not changed, so there is no need to look inside. */
    private static boolean isSame(@Nullable Object one, @Nullable Object other) {
        return one == other;
    }

    private void forgetGone(TopicInfo topic) {
        for (PartitionInfo partition : topic.partitions()) {
            if (image.partition(partition.partitionId()) == null) {
                controller.forget(partition.partitionId());
            }
        }
    }

    private void see(MetadataImage before, TopicInfo topic) {
        for (PartitionInfo partition : topic.partitions()) {
            if (!isSame(before.partition(partition.partitionId()), partition)) {
                controller.onView(partition.partitionId(), Views.of(image, partition));
            }
        }
    }

    /** The node leads nothing in this incarnation any more. */
    void nodeLost(NodeInfo node) {
        controller.onNodeLost(node.nodeId(), node.incarnation());
    }

    void receive(List<ControllerCodec.Received> says, long nowNs) {
        tick(nowNs); // an election that can be decided now waits from now on
        says.forEach(each -> controller.receive(each.partition(), each.message()));
        fastUntilNs = nowNs + UNDER_WAY_NS;
    }

    /** One turn: looks at the time, and sends off what came together since the last one. Returns how much that was. */
    int doWork(long nowNs) {
        if (nextInNs(nowNs) == 0) {
            tick(nowNs);
        }
        if (haveLostLeaders && nowNs - lookedNs >= SLOW_NS) {
            mayHaveLostLeaders = true; // what was proposed for those that have may have been lost
        }
        if (mayHaveLostLeaders) {
            mayHaveLostLeaders = false;
            lookedNs = nowNs;
            sealWithoutLiveLeader();
        }
        handback.next(image, nowNs).forEach(this::handBack);
        return sendOff();
    }

    private void handBack(long partitionId) {
        PartitionInfo partition = image.partition(partitionId);
        if (partition != null) {
            controller.transfer(
                    partitionId, partition.replicas().voters().get(0).nodeId());
        }
    }

    /**
     * Somebody wants another leader.
     *
     * @param to the node that should lead; 0: any voter's
     */
    void transfer(PartitionInfo partition, int to) {
        handback.leave(image, partition);
        controller.transfer(partition.partitionId(), to);
    }

    List<SealReport> reports(long partitionId) {
        return controller.reports(partitionId);
    }

    /** Returns how much that was. */
    int carryOut(Moves.Steps steps) {
        steps.move().forEach(this::move);
        steps.abort().forEach(controller::abortMove);
        steps.toPreferred().forEach(partition -> handBack(partition.partitionId()));
        steps.drop().forEach(drop -> propose.accept(Commands.drop(drop)));
        for (NodeInfo node : steps.unregister()) {
            LOG.info("cluster: node {} holds nothing any more, and leaves", node.nodeId());
            propose.accept(Commands.unregister(node));
        }
        return steps.count();
    }

    private void move(long partitionId, List<Replica> voters) {
        LOG.info("cluster: partition {}: its voters become {}", partitionId, voters);
        PartitionInfo partition = image.partition(partitionId);
        if (partition != null) {
            handback.leave(image, partition); // its leader may have to hand over on the way
        }
        controller.move(partitionId, voters.stream().map(Views::id).toList());
    }

    private void tick(long nowNs) {
        if (nowNs != tickNs) {
            tickNs = nowNs;
            controller.tick(TimeUnit.NANOSECONDS.toMillis(nowNs - startNs));
        }
    }

    long nextInNs(long nowNs) {
        long every = fastUntilNs - nowNs > 0 ? FAST_NS : SLOW_NS;
        return Math.max(0, tickNs + every - nowNs);
    }

    /** Whoever was elected by a controller that did not know; whose node came back in another incarnation. */
    private void sealWithoutLiveLeader() {
        haveLostLeaders = false;
        for (TopicInfo topic : image.topics()) {
            for (PartitionInfo partition : topic.partitions()) {
                Leader leader = partition.leader();
                if (leader != null && !isAlive(leader)) {
                    haveLostLeaders = true;
                    controller.seal(partition.partitionId());
                }
            }
        }
    }

    private boolean isAlive(Leader leader) {
        NodeInfo node = image.node(leader.nodeId());
        return node != null && !node.fenced() && node.incarnation() == leader.incarnation();
    }

    private int sendOff() {
        int work = seals.size() + elects.size() + others.size() + requests.size();
        Seal.Builder seal = Seal.newBuilder();
        for (MetadataCommand.Seal each : seals.values()) {
            if (seal.addItems(Commands.item(each)).getItemsCount() == MOST_ITEMS) {
                propose.accept(Command.newBuilder().setSeal(seal.build()));
                seal.clear();
            }
        }
        if (seal.getItemsCount() > 0) {
            propose.accept(Command.newBuilder().setSeal(seal));
        }
        Elect.Builder elect = Elect.newBuilder();
        for (MetadataCommand.Elect each : elects.values()) {
            if (elect.addItems(Commands.item(each)).getItemsCount() == MOST_ITEMS) {
                propose.accept(Command.newBuilder().setElect(elect.build()));
                elect.clear();
            }
        }
        if (elect.getItemsCount() > 0) {
            propose.accept(Command.newBuilder().setElect(elect));
        }
        others.forEach(each -> propose.accept(Commands.one(each)));
        requests.forEach(this::send);
        seals.clear();
        elects.clear();
        others.clear();
        requests.clear();
        return work;
    }

    @Override
    public void propose(MetadataCommand command) {
        if (command instanceof MetadataCommand.Seal seal) {
            seals.put(seal.partition(), seal);
        } else if (command instanceof MetadataCommand.Elect elect) {
            elects.put(elect.partition(), elect);
        } else {
            others.add(command);
        }
    }

    @Override
    public void requestSeal(int node, long partition, int epoch) {
        request(node).addSeals(asked(partition, epoch));
    }

    @Override
    public void requestTransfer(int node, long partition, int epoch, int to) {
        request(node).addTransfers(asked(partition, epoch).toBuilder().setTo(to).build());
    }

    private FromController.Builder request(int node) {
        FromController.Builder request = requests.computeIfAbsent(node, each -> FromController.newBuilder());
        if (request.getSealsCount() + request.getTransfersCount() == MOST_REQUESTS) {
            send(node, request);
            request.clear();
        }
        return request;
    }

    private void send(int node, FromController.Builder request) {
        peers.send(node, PeerMessage.newBuilder().setFromController(request).build(), List.of());
    }

    private static SealRequest asked(long partition, int epoch) {
        return SealRequest.newBuilder()
                .setPartitionId(partition)
                .setEpoch(epoch)
                .build();
    }
}
