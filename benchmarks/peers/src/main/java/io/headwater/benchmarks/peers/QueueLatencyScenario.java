package io.headwater.benchmarks.peers;

import static io.headwater.benchmarks.peers.SystemUnderLoad.HEADWATER;
import static io.headwater.benchmarks.peers.SystemUnderLoad.KAFKA;
import static io.headwater.benchmarks.peers.SystemUnderLoad.RABBITMQ;

import io.headwater.benchmarks.peers.Figure.Bound;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How long work takes through a queue at a steady 2,000 records of 1 KiB a second, all clients and brokers at their
 * defaults: from when a record was due until a consumer has it, and until its acknowledgement is confirmed. RabbitMQ
 * confirms none: its second figure ends when the acknowledgement is sent.
 */
final class QueueLatencyScenario implements Scenario {
    private static final List<SystemUnderLoad> SYSTEMS = List.of(HEADWATER, KAFKA, RABBITMQ);
    private static final int RATE = 2_000;
    private static final int WARMUP_SECONDS = 8;
    private static final int COUNTED_SECONDS = 15;

    @Override
    public String name() {
        return "latency";
    }

    @Override
    public List<Figure> run(Workbench bench) throws IOException, InterruptedException {
        Samples samples = new Samples();
        try (Contenders brokers = Contenders.start(SYSTEMS, bench, name())) {
            // One round to compile the brokers' paths, not counted.
            for (int round = 0; round <= bench.pairs(); round++) {
                for (BrokerProcess broker : brokers.inTurn(round)) {
                    measure(bench, broker, round, samples);
                }
            }
        }
        List<Figure> figures = new ArrayList<>();
        for (String end : List.of("delivered", "acknowledged")) {
            for (String percentile : List.of("p50", "p99")) {
                String figure = Driver.QUEUE + "." + end + "." + percentile + "Us";
                for (SystemUnderLoad other : SYSTEMS.subList(1, SYSTEMS.size())) {
                    boolean aimed = percentile.equals("p99");
                    figures.add(Figure.ratio(
                            "queue at 2,000/s, " + end + ", " + percentile + ", to " + other.title(),
                            "µs",
                            samples.of(HEADWATER.title(), figure),
                            samples.of(other.title(), figure),
                            aimed ? Bound.AT_MOST : Bound.NONE,
                            aimed ? 1 : Double.NaN));
                }
            }
        }
        return figures;
    }

    private void measure(Workbench bench, BrokerProcess broker, int round, Samples samples)
            throws IOException, InterruptedException {
        bench.settleDisk();
        long warmup = bench.scaled(WARMUP_SECONDS);
        long seconds = warmup + bench.scaled(COUNTED_SECONDS);
        Map<String, String> options = new HashMap<>();
        options.put("work", Driver.QUEUE);
        options.put("topic", "latency-" + round);
        options.put("recordBytes", "1024");
        options.put("rate", Integer.toString(RATE));
        options.put("records", Long.toString(seconds * RATE));
        options.put("warmup", "0");
        options.put("warmupSeconds", Long.toString(warmup));
        options.put("limitSeconds", Long.toString(2 * seconds));
        options.put("batchBytes", "0");
        options.put("lingerMs", "-1");
        Map<String, Double> figures = DriverProcess.run(broker, options);
        if (round > 0) {
            samples.addAll(broker.system().title(), figures);
        }
        bench.say(String.format(
                "  latency %s: %-9s delivered p50 %s, p99 %s ms; acknowledged p50 %s, p99 %s ms",
                round > 0 ? round : "warm",
                broker.system().title(),
                milliseconds(figures, "delivered.p50Us"),
                milliseconds(figures, "delivered.p99Us"),
                milliseconds(figures, "acknowledged.p50Us"),
                milliseconds(figures, "acknowledged.p99Us")));
    }

    private static String milliseconds(Map<String, Double> figures, String name) {
        return Figure.number(figures.getOrDefault(Driver.QUEUE + "." + name, Double.NaN) / 1000);
    }
}
