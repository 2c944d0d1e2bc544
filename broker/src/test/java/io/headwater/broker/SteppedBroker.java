package io.headwater.broker;

import io.headwater.broker.cluster.ClusterMetadata;
import io.headwater.broker.cluster.ClusterNode;
import io.headwater.broker.cluster.ClusterSettings;
import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.config.HostPort;
import io.headwater.broker.consensus.Voters;
import io.headwater.broker.control.BrokerFacts;
import io.headwater.broker.control.ControlAgent;
import io.headwater.broker.control.ControlQueue;
import io.headwater.broker.control.SteppedControl;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.net.Handshake;
import io.headwater.broker.net.InFlight;
import io.headwater.broker.net.SteppedListener;
import io.headwater.broker.peer.PeerHandler;
import io.headwater.broker.peer.PeerSide;
import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.replica.ControllerSettings;
import io.headwater.broker.replica.ReplicaSettings;
import io.headwater.broker.shard.Owners;
import io.headwater.broker.shard.SteppedShards;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.SteppedDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A member of a cluster without threads and sockets, for a simulation, wired as {@link Broker} is. Left out: the metrics,
 * and what a clean stop does.
 */
public final class SteppedBroker {
    /** Makes its side of the network between brokers. */
    public interface Wire {
        PeerSide listen(ToIntFunction<String> nodeOfDirectory, PeerHandler handler);
    }

    /**
     * Where it is, and what is around it.
     *
     * @param seeds none: it founds a cluster, if its directory is fresh
     * @param files runs work on files when the simulation wants it
     */
    public record Place(
            Path directory,
            HostPort clients,
            HostPort peers,
            List<HostPort> seeds,
            ClusterSettings.Timing timing,
            Ports ports,
            Wire wire,
            Voters voters,
            Executor files,
            ReplicaSettings replication,
            ControllerSettings controller) {}

    private static final int MAILBOX_LIMIT = 1024;
    private static final int OWNERS = 1;
    /** How often a start looks at the time; what others say wakes it. */
    private static final long STARTING_NS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final long QUEUE_BYTES = 64 << 20;
    private static final long IN_FLIGHT_BYTES = 64 << 20;

    private final Place place;
    private final BrokerConfig config;
    private final Owners owners;
    private final DataDirectory data;
    private final ControlQueue queue = new ControlQueue();
    private final SteppedListener listener;
    private final Member member;
    private @Nullable ClusterNode starting;
    private @Nullable Serving serving;

    private record Serving(ClusterMetadata metadata, SteppedShards shards, ControlAgent control) {}

    /** Begins to start; {@link #doWork} goes on with it. */
    public SteppedBroker(Place place) throws IOException {
        this.place = place;
        Ports ports = place.ports();
        this.config = BrokerConfig.onFreePorts(place.directory());
        this.owners = new Owners(new Owners.Settings(
                OWNERS,
                MAILBOX_LIMIT,
                config.topics().maxRecordBytes(),
                config.storage().idleAfterMs(),
                new HeapBudget(QUEUE_BYTES),
                config.peer().copyRate(),
                ports.epochClock(),
                ports.nanoClock(),
                ports.onFatal()));
        this.data = SteppedDirectory.open(
                place.directory(),
                ports.disk(),
                ports.epochClock(),
                ports.nanoClock(),
                ports.newId(),
                owners,
                place.files());
        this.listener = new SteppedListener(new InFlight(IN_FLIGHT_BYTES), owners, queue);
        this.member = new Member(owners, queue, place.wire()::listen);
        ClusterSettings settings = new ClusterSettings(
                place.seeds(),
                place.clients().toString(),
                place.peers().toString(),
                "",
                new TreeMap<>(),
                place.timing(),
                place.controller());
        this.starting = ClusterNode.begin(
                settings,
                member.around(ports, place.directory(), data.marks(), place.voters(), Runnable::run),
                member.mailbox());
    }

    /** One turn of everything. Returns how much there was to do. */
    public int doWork() throws IOException {
        Serving running = serving;
        if (running == null) {
            ClusterMetadata joined = Objects.requireNonNull(starting).doWork();
            if (joined != null) {
                starting = null;
                serve(joined);
            }
            return joined == null ? 0 : 1;
        }
        int work = running.control().doWork() + running.shards().doWork();
        listener.doWork();
        return work;
    }

    private void serve(ClusterMetadata metadata) {
        member.hasJoined(metadata);
        NodeInfo self = member.self();
        SteppedShards shards = new SteppedShards(
                owners, data, metadata::image, self, member::post, place.files(), place.replication());
        member.ready();
        BrokerFacts facts = new BrokerFacts(
                self.nodeId(),
                "sim",
                place.ports().epochClock().time(),
                place.directory().toString(),
                place.clients().toString(),
                "",
                1);
        ControlAgent control = new ControlAgent(
                new ControlAgent.Surroundings(
                        config,
                        queue,
                        metadata,
                        member.partitions(owners.partitions(queue)),
                        data.views(),
                        data.marks(),
                        SteppedControl.vitals(),
                        member.responsibility(),
                        place.ports().epochClock(),
                        place.ports().nanoClock(),
                        place.ports().onFatal()),
                facts);
        SteppedControl.begin(control);
        listener.open(new Handshake(
                metadata.image().clusterId(),
                self.nodeId(),
                "sim",
                config.network().maxFrameBytes(),
                config.topics().maxRecordBytes()));
        serving = new Serving(metadata, shards, control);
    }

    /** Whether it is registered and lets clients in. */
    public boolean isServing() {
        return serving != null;
    }

    /** When it has something to do though nobody asks for it. */
    public long nextInNs() {
        Serving running = serving;
        return running == null
                ? STARTING_NS
                : Math.min(running.metadata().nextInNs(), running.shards().nextInNs());
    }

    /** One group commit. */
    public int sync() {
        return data.groupCommit().doWork();
    }

    /** Whether the next group commit may have something to do. */
    public boolean wantsSync() {
        Serving running = serving;
        return running != null && running.shards().isUnsettled();
    }

    /** Shows each copy that is open. */
    public void look(SteppedShards.Copies to) {
        Serving running = serving;
        if (running != null) {
            running.shards().look(to);
        }
    }

    /** How many copies are offline until a restart. */
    public int offline() {
        Serving running = serving;
        return running == null ? 0 : running.shards().offline();
    }

    /** As whoever searches for damage in the background says it. */
    public void suspect(long partitionId, long baseIndex, long position) {
        owners.suspect(partitionId, baseIndex, position);
    }

    public SteppedListener listener() {
        return listener;
    }

    public DataDirectory data() {
        return data;
    }

    /** Null: it has not started. */
    public @Nullable ClusterMetadata metadata() {
        Serving running = serving;
        return running == null ? null : running.metadata();
    }
}
