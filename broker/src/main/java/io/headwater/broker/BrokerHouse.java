package io.headwater.broker;

import io.headwater.broker.observe.GroupLag;
import io.headwater.broker.observe.Health;
import io.headwater.broker.observe.Metrics;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What metrics and health ask, also in the moment between their listener and the control agent: the agent has to know
 * the listener's port.
 */
final class BrokerHouse implements Metrics.House {
    private static final Health STARTING = new Health(true, false, List.of("the broker is starting"));

    private volatile Metrics.@Nullable House inside;

    void opened(Metrics.House house) {
        inside = house;
    }

    @Override
    public int topics() {
        Metrics.House house = inside;
        return house == null ? 0 : house.topics();
    }

    @Override
    public int partitions() {
        Metrics.House house = inside;
        return house == null ? 0 : house.partitions();
    }

    @Override
    public int groups() {
        Metrics.House house = inside;
        return house == null ? 0 : house.groups();
    }

    @Override
    public List<GroupLag> groupLags() {
        Metrics.House house = inside;
        return house == null ? List.of() : house.groupLags();
    }

    @Override
    public int controlMailbox() {
        Metrics.House house = inside;
        return house == null ? 0 : house.controlMailbox();
    }

    @Override
    public Health health() {
        Metrics.House house = inside;
        return house == null ? STARTING : house.health();
    }
}
