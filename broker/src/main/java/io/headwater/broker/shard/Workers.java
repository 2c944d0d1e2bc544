package io.headwater.broker.shard;

import io.headwater.broker.net.Connection;
import io.headwater.broker.work.Worker;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/** The consumers of queue groups at one owner, by connection. */
final class Workers {
    /** A consumer, and the partition in whose group it works. */
    record Place(Worker worker, Owned owned) {}

    private final Long2ObjectHashMap<Int2ObjectHashMap<Place>> byConnection = new Long2ObjectHashMap<>();

    @Nullable
    Place find(Connection connection, int subscriptionId) {
        Int2ObjectHashMap<Place> own = byConnection.get(connection.id());
        return own == null ? null : own.get(subscriptionId);
    }

    boolean isFull(Connection connection) {
        Int2ObjectHashMap<Place> own = byConnection.get(connection.id());
        return own != null && own.size() >= Readers.MAX_OF_A_CONNECTION;
    }

    void add(Worker worker, Owned owned) {
        byConnection
                .computeIfAbsent(worker.connection().id(), id -> new Int2ObjectHashMap<>())
                .put(worker.id(), new Place(worker, owned));
    }

    void remove(Worker worker) {
        Int2ObjectHashMap<Place> own = byConnection.get(worker.connection().id());
        if (own != null) {
            own.remove(worker.id());
            if (own.isEmpty()) {
                byConnection.remove(worker.connection().id());
            }
        }
    }

    List<Place> of(Connection connection) {
        Int2ObjectHashMap<Place> own = byConnection.get(connection.id());
        return own == null ? List.of() : new ArrayList<>(own.values());
    }

    /** The connection is closed. */
    List<Place> removeAll(Connection connection) {
        List<Place> all = of(connection);
        byConnection.remove(connection.id());
        return all;
    }

    /** The partition is gone. */
    void removeAll(Owned owned) {
        byConnection.values().removeIf(own -> {
            own.values().removeIf(place -> place.owned() == owned);
            return own.isEmpty();
        });
    }
}
