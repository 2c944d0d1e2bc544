package io.headwater.benchmarks.peers;

import static io.headwater.benchmarks.peers.SystemUnderLoad.HEADWATER;

import io.headwater.benchmarks.peers.Figure.Bound;
import io.headwater.client.Admin;
import io.headwater.client.Admin.TopicSettings;
import io.headwater.client.HeadwaterClient;
import io.headwater.protocol.wire.ClusterDescription;
import io.headwater.protocol.wire.ClusterNode;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Ours alone: a node that leads 1,000 partitions and does not decide for the cluster is killed ({@code kill -9}); how long
 * until each of them has another leader, as another node sees it.
 */
final class ClusterLeadersScenario implements Scenario {
    private static final int LEADERS = 1000;
    private static final double TARGET_MILLISECONDS = 1000;
    private static final long LIMIT_NS = 60_000_000_000L;
    /** A look costs what it looks at: each takes all brokers milliseconds. */
    private static final long LOOK_NS = 50_000_000;

    @Override
    public String name() {
        return "leaders";
    }

    @Override
    public List<Figure> run(Workbench bench) throws IOException, InterruptedException {
        double[] milliseconds = new double[bench.pairs()];
        for (int round = 0; round < milliseconds.length; round++) {
            try (BrokerCluster ours = BrokerCluster.start(HEADWATER, bench, name());
                    HeadwaterClient client = ours.client()) {
                Admin admin = client.admin();
                admin.createTopic("led", TopicSettings.defaults().withPartitions(BrokerCluster.NODES * LEADERS));
                await(admin, cluster -> cluster.getLeaderless() == 0);
                ours.awaitRest();
                ClusterDescription cluster = admin.cluster();
                ClusterNode victim = cluster.getNodesList().stream()
                        .filter(node -> node.getNodeId() != cluster.getController())
                        .max(Comparator.comparingInt(ClusterNode::getLeads))
                        .orElseThrow();
                long startNs = SystemNanoClock.INSTANCE.nanoTime();
                ours.at(victim.getClientEndpoint()).kill();
                await(admin, now -> now.getLeaderless() == 0 && leads(now, victim.getNodeId()) == 0);
                milliseconds[round] = (SystemNanoClock.INSTANCE.nanoTime() - startNs) / 1e6;
                bench.say(String.format(
                        "  leaders %d: %,d of them moved in %s ms",
                        round + 1, victim.getLeads(), Figure.number(milliseconds[round])));
            }
            bench.clear();
        }
        return List.of(Figure.plain(
                "leader of 1,000 killed, until all have another",
                "ms",
                milliseconds,
                Bound.AT_MOST,
                TARGET_MILLISECONDS));
    }

    private static int leads(ClusterDescription cluster, int node) {
        return cluster.getNodesList().stream()
                .filter(each -> each.getNodeId() == node)
                .mapToInt(ClusterNode::getLeads)
                .sum();
    }

    private static void await(Admin admin, Predicate<ClusterDescription> wanted) {
        long endNs = SystemNanoClock.INSTANCE.nanoTime() + LIMIT_NS;
        while (!wanted.test(admin.cluster())) {
            if (SystemNanoClock.INSTANCE.nanoTime() - endNs > 0) {
                throw new IllegalStateException("after a minute: " + admin.cluster());
            }
            LockSupport.parkNanos(LOOK_NS);
        }
    }
}
