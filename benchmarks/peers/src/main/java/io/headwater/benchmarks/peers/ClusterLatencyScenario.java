package io.headwater.benchmarks.peers;

import static io.headwater.benchmarks.peers.SystemUnderLoad.HEADWATER;
import static io.headwater.benchmarks.peers.SystemUnderLoad.KAFKA;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/** 2,000 records of 1 KiB a second through three copies, from when each was due until the consumer has it; defaults. */
final class ClusterLatencyScenario implements Scenario {
    private static final long RATE = 2000;
    private static final int DEFAULT_LINGER = -1;

    @Override
    public String name() {
        return "latency";
    }

    @Override
    public List<Figure> run(Workbench bench) throws IOException, InterruptedException {
        Samples samples = new Samples();
        try (BrokerCluster ours = BrokerCluster.start(HEADWATER, bench, name());
                BrokerCluster theirs = BrokerCluster.start(KAFKA, bench, name())) {
            List<BrokerCluster> all = List.of(ours, theirs);
            // One round to compile all brokers' paths, not counted.
            for (int round = 0; round <= bench.pairs(); round++) {
                for (int i = 0; i < all.size(); i++) {
                    bench.settleDisk();
                    BrokerProcess broker = all.get((i + round) % all.size()).first();
                    Map<String, Double> figures = DriverProcess.run(
                            broker, LatencyScenario.work(bench, "latency-" + round, RATE, DEFAULT_LINGER, round > 0));
                    if (round > 0) {
                        samples.addAll(broker.system().title(), figures);
                        bench.say(String.format(
                                "  latency %d: %-9s %s",
                                round, broker.system().title(), LatencyScenario.text(figures)));
                    }
                }
            }
        }
        return LatencyScenario.against(samples, RATE, "Kafka", 0.5);
    }
}
