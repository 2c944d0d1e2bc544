package io.headwater.benchmarks.peers;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Brokers that run side by side and are loaded in turn. */
record Contenders(List<BrokerProcess> brokers) implements AutoCloseable {

    /** Returns when all of them listen. */
    static Contenders start(List<SystemUnderLoad> systems, Workbench bench, String name)
            throws IOException, InterruptedException {
        Contenders started = new Contenders(new ArrayList<>());
        try {
            for (SystemUnderLoad system : systems) {
                started.brokers.add(BrokerProcess.start(system, bench, bench.newDirectory(name))
                        .awaitPort());
            }
            return started;
        } catch (IOException | InterruptedException | RuntimeException e) {
            started.close();
            throw e;
        }
    }

    /** Whoever goes first finds the machine as the last one left it: so they take turns. */
    List<BrokerProcess> inTurn(int round) {
        List<BrokerProcess> order = new ArrayList<>(brokers);
        Collections.rotate(order, -round);
        return order;
    }

    @Override
    public void close() {
        brokers.forEach(BrokerProcess::close);
    }
}
