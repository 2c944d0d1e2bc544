package io.headwater.broker.simulation;

import io.headwater.client.SteppedClient;
import io.headwater.client.link.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The process of a client, with its own loop, until it dies. */
final class Client implements Loop {
    private static final long EPOCH_MS = 1_700_000_000_000L;
    private static final long MS = 1_000_000;

    private final World world;
    private final int number;
    private final SteppedClient library;
    private final Map<Integer, ClientLink> links = new LinkedHashMap<>();
    private boolean alive = true;

    /** @param number in the network */
    Client(World world, int number, SplittableRandom random, Duration timeout) {
        this.world = world;
        this.number = number;
        String servers = IntStream.rangeClosed(1, world.machines())
                .mapToObj(each -> Machine.clients(each).toString())
                .collect(Collectors.joining(","));
        this.library = new SteppedClient(
                servers,
                host -> {
                    int machine = Integer.parseInt(host.substring(1));
                    ClientLink link = new ClientLink(this, world.machine(machine), world.network());
                    links.put(machine, link);
                    return link;
                },
                this,
                random,
                timeout,
                () -> Instant.ofEpochMilli(EPOCH_MS + nowNs() / MS));
    }

    SteppedClient library() {
        return library;
    }

    int number() {
        return number;
    }

    boolean isAlive() {
        return alive;
    }

    /** The process dies. */
    void die() {
        alive = false;
    }

    void reset(int machine) {
        ClientLink link = links.get(machine);
        if (link != null) {
            link.reset();
        }
    }

    void trace(long what) {
        world.trace(what);
    }

    void run(Runnable task) {
        if (alive) {
            task.run();
        }
    }

    @Override
    public boolean isCurrent() {
        return true;
    }

    @Override
    public long nowNs() {
        return world.time().nowNs();
    }

    @Override
    public Timer schedule(long delayNs, Runnable task) {
        return world.time().schedule(delayNs, () -> run(task));
    }

    @Override
    public void execute(Runnable task) {
        schedule(0, task);
    }
}
