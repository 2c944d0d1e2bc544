package io.headwater.broker;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.control.BrokerFacts;
import io.headwater.broker.control.ControlAgent;
import io.headwater.broker.control.ControlQueue;
import io.headwater.broker.metadata.MetadataQuorum;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.net.EventLoops;
import io.headwater.broker.net.Handshake;
import io.headwater.broker.net.InFlight;
import io.headwater.broker.net.Listener;
import io.headwater.broker.observe.AdminServer;
import io.headwater.broker.observe.Health;
import io.headwater.broker.observe.Metrics;
import io.headwater.broker.partition.StateAudit;
import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.shard.Owners;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.Scrubber;
import io.headwater.storage.StorageConfig;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running broker: the one class that wires the rooms together, and that nobody inside imports. Reading its
 * constructor from top to bottom tells who knows whom.
 */
public final class Broker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Broker.class);

    /** The name and version that peers are told. */
    public static final String SOFTWARE = "headwater-broker/0.1.0";

    private static final int MAILBOX_LIMIT = 16 * 1024;
    private static final long QUIET_TIMEOUT_MS = 10_000;
    private static final long HANDOVER_TIMEOUT_MS = 3_000;
    private static final long VIEWS_TIMEOUT_MS = 5_000;
    /** A partition's state that is checked in the background takes at most this part of the heap for queues, beside it. */
    private static final long AUDIT_SHARE = 16;

    private final BrokerConfig config;
    private final Ports ports;
    private final Startup startup;
    private final Owners owners;
    private final DataDirectory data;
    private final Membership membership;
    private final MetadataQuorum metadata;
    private final NodeInfo self;
    private final EventLoops loops;
    private final Listener listener;
    private final AdminServer admin;
    private final ControlAgent control;
    private boolean closed;

    /** Starts with the real disk and clocks. */
    public static Broker start(BrokerConfig config) throws IOException {
        return start(config, Ports.real());
    }

    /**
     * Starts a broker; when this returns, it serves clients.
     *
     * @throws IOException if the data directory cannot be used or an address cannot be bound; nothing is left open
     */
    public static Broker start(BrokerConfig config, Ports ports) throws IOException {
        Startup startup = new Startup(ports.nanoClock());
        try {
            return new Broker(config, ports, startup);
        } catch (IOException | RuntimeException e) {
            startup.undo();
            throw e;
        }
    }

    private Broker(BrokerConfig config, Ports ports, Startup startup) throws IOException {
        this.config = config;
        this.ports = ports;
        this.startup = startup;
        this.owners = new Owners(new Owners.Settings(
                config.threads().owners(),
                MAILBOX_LIMIT,
                config.topics().maxRecordBytes(),
                config.storage().idleAfterMs(),
                new HeapBudget(config.queues().memoryBytes()),
                config.peer().copyRate(),
                ports.epochClock(),
                ports.nanoClock(),
                ports.onFatal()));
        // Listens to the group commit, wakes the owners.
        this.data = startup.opened(DataDirectory.open(
                config.dataDirectory(),
                storage(),
                ports.disk(),
                ports.epochClock(),
                ports.nanoClock(),
                ports.newId(),
                owners));
        startup.phase("directory");
        ControlQueue queue = new ControlQueue();
        InFlight inFlight = new InFlight(config.network().maxInFlightBytes());
        this.loops = startup.opened(new EventLoops(config.threads().network()));
        this.listener = startup.opened(Listener.bind(
                loops,
                config.network().listen().socketAddress(),
                config.network().maxConnections(),
                new Listener.Ports(inFlight, owners, queue)));
        startup.phase("listener");
        this.membership = startup.opened(
                config.peer().listen().isPresent()
                        ? Member.start(config, ports, loops, data.marks(), owners, queue, listener.port())
                        : Standalone.start(config.dataDirectory(), ports, data.marks()));
        this.metadata = membership.metadata();
        this.self = membership.self();
        startup.phase("metadata");
        owners.start(data, metadata::image, self, membership::post);
        startup.opened(() -> owners.stop(shuttingDown()));
        if (config.storage().scrubIntervalMs() > 0) {
            data.scrub(
                    new Scrubber.Settings(
                            config.storage().scrubIntervalMs(), config.storage().scrubRate()),
                    new StateAudit(owners.queueMemory().maxBytes() / AUDIT_SHARE),
                    new ScrubFindings(owners, metadata::image));
        }
        membership.ready();
        BrokerVitals vitals = new BrokerVitals(owners, listener, inFlight, data);
        BrokerHouse house = new BrokerHouse();
        this.admin = startup.opened(AdminServer.start(
                loops.group(),
                loops.serverChannel(),
                config.network().admin().socketAddress(),
                new Metrics(vitals, house, membership.vitals()),
                house::health));
        this.control = new ControlAgent(
                new ControlAgent.Surroundings(
                        config,
                        queue,
                        metadata,
                        membership.partitions(owners.partitions(queue)),
                        data.views(),
                        data.marks(),
                        vitals,
                        membership.responsibility(),
                        ports.epochClock(),
                        ports.nanoClock(),
                        ports.onFatal()),
                facts());
        house.opened(control);
        control.start();
        startup.opened(control);
        listener.open(handshake());
        startup.phase("control");
        if (config.peer().listen().isPresent()) {
            data.warmUp();
        }
        LOG.info(
                "broker: serves clients on {}, metrics and health on {}; data in {}; started in {}",
                address(config.network().listen().host(), port()),
                address(config.network().admin().host(), adminPort()),
                config.dataDirectory(),
                startup.report());
    }

    private StorageConfig storage() {
        StorageConfig defaults =
                StorageConfig.defaults().withSegmentBytes(config.storage().segmentBytes());
        return new StorageConfig(
                defaults.segmentBytes(),
                defaults.initialSegmentBytes(),
                (int) Math.min(defaults.maxStepBytes(), defaults.segmentBytes()),
                defaults.reservePace(),
                defaults.indexIntervalBytes(),
                config.network().maxFrameBytes(),
                ports.syncMode());
    }

    private Handshake handshake() {
        return new Handshake(
                metadata.image().clusterId(),
                self.nodeId(),
                SOFTWARE,
                config.network().maxFrameBytes(),
                config.topics().maxRecordBytes());
    }

    private BrokerFacts facts() {
        return new BrokerFacts(
                self.nodeId(),
                SOFTWARE,
                ports.epochClock().time(),
                config.dataDirectory().toAbsolutePath().toString(),
                address(config.network().listen().host(), port()),
                address(config.network().admin().host(), adminPort()),
                ProcessHandle.current().pid());
    }

    private static String address(String host, int port) {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    /** Where clients connect; the real one where 0 was configured. */
    public int port() {
        return listener.port();
    }

    /** Where metrics and health are; the real one where 0 was configured. */
    public int adminPort() {
        return admin.port();
    }

    public Health health() {
        return control.health();
    }

    /**
     * Stops in order: takes nothing new, answers what is on its way, says goodbye, and closes the logs cleanly, so that
     * the next start recovers nothing. Bounded in time: what takes longer is left to the next start's recovery.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        LOG.info("broker: shutting down");
        try {
            if (!owners.handOver(HANDOVER_TIMEOUT_MS)) {
                LOG.warn("broker: some partitions could not be handed over within {} ms", HANDOVER_TIMEOUT_MS);
            }
            membership.handOver();
            listener.stopAccepting(shuttingDown());
            if (!owners.awaitQuiet(QUIET_TIMEOUT_MS)) {
                LOG.warn("broker: some requests could not be answered within {} ms", QUIET_TIMEOUT_MS);
            }
            control.prepareToStop().toCompletableFuture().get(VIEWS_TIMEOUT_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("broker: the views could not be brought up to date; the next start does it: {}", e.toString());
        }
        listener.goodbye(shuttingDown());
        startup.undo();
        LOG.info("broker: stopped");
    }

    private static Error shuttingDown() {
        return Errors.retryAfter(ErrorCode.ERROR_SHUTTING_DOWN, "the broker is shutting down", 1000);
    }
}
