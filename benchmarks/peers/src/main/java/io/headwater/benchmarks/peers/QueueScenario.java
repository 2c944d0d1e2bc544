package io.headwater.benchmarks.peers;

import static io.headwater.benchmarks.peers.SystemUnderLoad.HEADWATER;
import static io.headwater.benchmarks.peers.SystemUnderLoad.KAFKA;
import static io.headwater.benchmarks.peers.SystemUnderLoad.KAFKA_SYNCED;
import static io.headwater.benchmarks.peers.SystemUnderLoad.RABBITMQ;

import io.headwater.benchmarks.peers.Figure.Bound;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Work through a queue: one producer, four consumers, one partition, records of 1 KiB, each received and acknowledged by
 * itself, as fast as it goes. Kafka's producers batch as in the comparison of streams (linger.ms=5, batch.size=262144,
 * acks=all), all else is everybody's default.
 */
final class QueueScenario implements Scenario {
    private static final List<SystemUnderLoad> SYSTEMS = List.of(HEADWATER, KAFKA, KAFKA_SYNCED, RABBITMQ);
    private static final String RATE = Driver.QUEUE + ".recordsPerSecond";
    private static final String CPU = Driver.QUEUE + ".cpuSecondsPerMillion";
    private static final int WARM_ROUNDS = 2;

    @Override
    public String name() {
        return "queue";
    }

    @Override
    public List<Figure> run(Workbench bench) throws IOException, InterruptedException {
        Samples samples = new Samples();
        try (Contenders brokers = Contenders.start(SYSTEMS, bench, name())) {
            for (int round = 1 - WARM_ROUNDS; round <= bench.pairs(); round++) {
                for (BrokerProcess broker : brokers.inTurn(round)) {
                    measure(bench, broker, round, samples);
                }
            }
        }
        List<Figure> figures = new ArrayList<>();
        for (SystemUnderLoad other : SYSTEMS.subList(1, SYSTEMS.size())) {
            figures.add(ratio(samples, other, RATE, "acknowledged", "records/s", Bound.AT_LEAST, target(other)));
            figures.add(ratio(samples, other, CPU, "CPU without driver", "s/M records", Bound.NONE, Double.NaN));
        }
        return figures;
    }

    private static double target(SystemUnderLoad other) {
        return switch (other) {
            case KAFKA -> 2;
            case KAFKA_SYNCED -> 4;
            default -> 10;
        };
    }

    private static Figure ratio(
            Samples samples,
            SystemUnderLoad other,
            String figure,
            String what,
            String unit,
            Bound bound,
            double target) {
        return Figure.ratio(
                "queue, 1 KiB, " + what + ", to " + other.title(),
                unit,
                samples.of(HEADWATER.title(), figure),
                samples.of(other.title(), figure),
                bound,
                target);
    }

    private void measure(Workbench bench, BrokerProcess broker, int round, Samples samples)
            throws IOException, InterruptedException {
        bench.settleDisk();
        boolean kafka = broker.system() == KAFKA || broker.system() == KAFKA_SYNCED;
        Map<String, String> options = new HashMap<>();
        options.put("work", Driver.QUEUE);
        options.put("topic", "queue-" + (round + WARM_ROUNDS));
        options.put("recordBytes", "1024");
        options.put("rate", "0");
        // About as long for each.
        options.put("records", Long.toString(bench.scaled(broker.system() == HEADWATER ? 1_500_000 : 200_000)));
        options.put("warmup", Long.toString(bench.scaled(50_000)));
        options.put("warmupSeconds", "0");
        options.put("limitSeconds", "30");
        options.put("batchBytes", kafka ? "262144" : "0");
        options.put("lingerMs", kafka ? "5" : "-1");
        Map<String, Double> figures = DriverProcess.run(broker, options);
        if (round > 0) {
            samples.addAll(broker.system().title(), figures);
        }
        bench.say(String.format(
                "  queue %s: %-13s %s/s, CPU %s s/M, driver's %s s/M",
                round > 0 ? round : "warm",
                broker.system().title(),
                Figure.number(figures.getOrDefault(RATE, Double.NaN)),
                Figure.number(figures.getOrDefault(CPU, Double.NaN)),
                Figure.number(figures.getOrDefault("queue.driverCpuSecondsPerMillion", Double.NaN))));
    }
}
