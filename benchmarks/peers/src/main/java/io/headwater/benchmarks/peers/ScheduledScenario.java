package io.headwater.benchmarks.peers;

import static io.headwater.benchmarks.peers.SystemUnderLoad.HEADWATER;

import io.headwater.benchmarks.peers.Figure.Bound;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.SystemNanoClock;

/**
 * A million records that are to be delivered later: the broker is killed and started again while they wait, then they
 * become due, 25,000 a second in no order, while 5,000 others a second come and go at once.
 */
final class ScheduledScenario implements Scenario {
    private static final long RECORDS = 1_000_000;
    private static final int SPREAD_SECONDS = 40;
    private static final int LEAD_SECONDS = 40;

    @Override
    public String name() {
        return "scheduled";
    }

    @Override
    public List<Figure> run(Workbench bench) throws IOException, InterruptedException {
        Samples samples = new Samples();
        Path data = bench.newDirectory(name());
        for (int round = 1; round <= bench.pairs(); round++) {
            long records = bench.scaled(RECORDS);
            Map<String, String> options = new HashMap<>();
            options.put("work", Driver.SCHEDULED);
            options.put("topic", "scheduled-" + round);
            options.put("records", Long.toString(records));
            options.put("spreadSeconds", Long.toString(bench.scaled(SPREAD_SECONDS)));
            options.put("leadSeconds", Integer.toString(LEAD_SECONDS));
            options.put("load", "5000");
            options.put("part", "publish");
            try (BrokerProcess broker =
                    BrokerProcess.start(HEADWATER, bench, data).awaitPort()) {
                DriverProcess.run(broker, options);
                broker.kill();
            }
            long startNs = SystemNanoClock.INSTANCE.nanoTime();
            try (BrokerProcess broker =
                    BrokerProcess.start(HEADWATER, bench, data).awaitPort()) {
                long waiting = new ScheduledWork(
                                "127.0.0.1:" + broker.port(), "scheduled-" + round, records, Duration.ZERO, 0)
                        .waiting();
                double seconds = (SystemNanoClock.INSTANCE.nanoTime() - startNs) / 1e9;
                if (waiting != records) {
                    throw new IllegalStateException(
                            waiting + " records wait after a restart (expected: " + records + ")");
                }
                options.put("part", "receive");
                Map<String, Double> found = DriverProcess.run(broker, options);
                samples.addAll("Headwater", found);
                samples.add("Headwater", "restart", seconds);
                bench.say(String.format(
                        "  scheduled %d: restart with all of them known again %s s; late p50 %s, p99 %s, most %s ms",
                        round,
                        Figure.number(seconds),
                        Figure.number(DriverProcess.figure(found, "scheduled.lateP50Ms")),
                        Figure.number(DriverProcess.figure(found, "scheduled.lateP99Ms")),
                        Figure.number(DriverProcess.figure(found, "scheduled.lateMaxMs"))));
            }
        }
        return List.of(
                Figure.plain(
                        "1 million scheduled: late, p99",
                        "ms",
                        samples.of("Headwater", "scheduled.lateP99Ms"),
                        Bound.AT_MOST,
                        100),
                Figure.plain(
                        "1 million scheduled: restart after kill -9",
                        "s",
                        samples.of("Headwater", "restart"),
                        Bound.AT_MOST,
                        5));
    }
}
