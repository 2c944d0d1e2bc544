package io.headwater.benchmarks.peers;

import static io.headwater.benchmarks.peers.SystemUnderLoad.HEADWATER;

import io.headwater.client.HeadwaterClient;
import io.headwater.protocol.wire.ClusterDescription;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.SystemNanoClock;

/** Three brokers that keep three copies of everything, two of which must have what is acknowledged. Nodes from 1 on. */
record BrokerCluster(List<BrokerProcess> members) implements AutoCloseable {
    static final int NODES = 3;
    private static final long WHOLE_SECONDS = 60;
    private static final long REST_SECONDS = 120;
    /** For so long they use less than so many cores together: they are at rest. */
    private static final int QUIET_SECONDS = 5;

    private static final double QUIET_CORES = 0.2;

    /** Returns when every broker serves clients and may hold copies. */
    static BrokerCluster start(SystemUnderLoad system, Workbench bench, String name)
            throws IOException, InterruptedException {
        List<Integer> peerPorts = new ArrayList<>();
        for (int i = 0; i < NODES; i++) {
            peerPorts.add(bench.freePort());
        }
        BrokerCluster cluster = new BrokerCluster(new ArrayList<>());
        try {
            for (int node = 1; node <= NODES; node++) {
                cluster.members.add(
                        BrokerProcess.start(system, bench, bench.newDirectory(name), new Member(node, peerPorts)));
            }
            for (BrokerProcess member : cluster.members) {
                member.awaitPort();
            }
            if (system == HEADWATER) {
                cluster.awaitWhole();
            }
            return cluster;
        } catch (IOException | InterruptedException | RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    /** What clients are told; it tells them of the others. */
    BrokerProcess first() {
        return members.get(0);
    }

    /** The node whose clients' port that is. */
    BrokerProcess at(String endpoint) {
        return members.stream()
                .filter(each -> endpoint.endsWith(":" + each.port()))
                .findFirst()
                .orElseThrow();
    }

    HeadwaterClient client() {
        return HeadwaterClient.builder().server("127.0.0.1:" + first().port()).build();
    }

    /** A topic that is made before has fewer copies. */
    void awaitWhole() {
        long endNs = SystemNanoClock.INSTANCE.nanoTime() + WHOLE_SECONDS * 1_000_000_000L;
        try (HeadwaterClient client = client()) {
            while (SystemNanoClock.INSTANCE.nanoTime() - endNs < 0) {
                ClusterDescription cluster = client.admin().cluster();
                long live = cluster.getNodesList().stream()
                        .filter(node -> !node.getFenced())
                        .count();
                if (live == NODES && cluster.getMetadataVotersCount() == NODES) {
                    return;
                }
                LockSupport.parkNanos(10_000_000);
            }
        }
        throw new IllegalStateException("the cluster is not whole after " + WHOLE_SECONDS + " s");
    }

    /** Returns when the brokers have done what they were given: a while in which they together use a part of a core. */
    void awaitRest() throws IOException {
        long endNs = SystemNanoClock.INSTANCE.nanoTime() + REST_SECONDS * 1_000_000_000L;
        int quiet = 0;
        double before = cpuSeconds();
        while (quiet < QUIET_SECONDS) {
            if (SystemNanoClock.INSTANCE.nanoTime() - endNs > 0) {
                throw new IllegalStateException("the brokers do not come to rest within " + REST_SECONDS + " s");
            }
            IdleScenario.rest(1);
            double now = cpuSeconds();
            quiet = now - before < QUIET_CORES ? quiet + 1 : 0;
            before = now;
        }
    }

    private double cpuSeconds() throws IOException {
        double all = 0;
        for (BrokerProcess member : members) {
            all += ProcFigures.cpuSeconds(member.pid());
        }
        return all;
    }

    @Override
    public void close() {
        members.forEach(BrokerProcess::close);
    }
}
