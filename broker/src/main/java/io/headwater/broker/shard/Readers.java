package io.headwater.broker.shard;

import io.headwater.broker.net.Connection;
import io.headwater.broker.stream.Subscription;
import io.headwater.broker.stream.Subscription.Next;
import io.headwater.broker.stream.Traffic;
import io.headwater.protocol.wire.Error;
import java.util.ArrayDeque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The subscriptions of one owner: who they are, and whose turn it is. Those that can be served stand in a queue and are
 * served one delivery at a time, so that none waits for another's backlog; the others wait for what they named.
 */
final class Readers {
    /** More than any sensible consumer has; a bound for the others. */
    static final int MAX_OF_A_CONNECTION = 20_000;

    private final Long2ObjectHashMap<Int2ObjectHashMap<Subscription>> byConnection = new Long2ObjectHashMap<>();
    private final ArrayDeque<Subscription> queue = new ArrayDeque<>();
    private final IdentityHashMap<Subscription, Owned> homes = new IdentityHashMap<>();
    private final Set<Connection> touched;
    private final Consumer<Owned> ended;

    /** @param ended hears of the partition of a reader that has ended: it may have found damage */
    Readers(Set<Connection> touched, Consumer<Owned> ended) {
        this.touched = touched;
        this.ended = ended;
    }

    @Nullable
    Subscription find(Connection connection, int subscriptionId) {
        Int2ObjectHashMap<Subscription> own = byConnection.get(connection.id());
        return own == null ? null : own.get(subscriptionId);
    }

    boolean isFull(Connection connection) {
        Int2ObjectHashMap<Subscription> own = byConnection.get(connection.id());
        return own != null && own.size() >= MAX_OF_A_CONNECTION;
    }

    void add(Owned owned, Subscription subscription) {
        byConnection
                .computeIfAbsent(subscription.connection().id(), id -> new Int2ObjectHashMap<>())
                .put(subscription.id(), subscription);
        owned.readers.add(subscription);
        homes.put(subscription, owned);
        queue.add(subscription);
    }

    int count() {
        return homes.size();
    }

    /** What this reader waited for has come, if it waited for that. */
    void wake(Subscription subscription, Next event) {
        if (subscription.waitingFor() == event) {
            subscription.ready();
            queue.add(subscription);
        }
    }

    /** The partition's committed end has moved. */
    void wakeAll(Owned owned) {
        for (Subscription reader : owned.readers) {
            wake(reader, Next.COMMIT);
        }
    }

    /** The connection may be given more. */
    void drained(Connection connection) {
        Int2ObjectHashMap<Subscription> own = byConnection.get(connection.id());
        if (own != null) {
            for (Subscription reader : own.values()) {
                wake(reader, Next.CONNECTION);
            }
        }
    }

    /** The connection is closed: nobody needs to be told. */
    void closed(Connection connection) {
        Int2ObjectHashMap<Subscription> own = byConnection.get(connection.id());
        if (own != null) {
            for (Subscription reader : List.copyOf(own.values())) {
                remove(reader);
            }
        }
    }

    /** Serves some of those who can be served. Returns how many. */
    int serve(Traffic traffic, int most) {
        int served = 0;
        while (served < most) {
            Subscription next = queue.poll();
            if (next == null) {
                break;
            }
            served++;
            if (next.waitingFor() != Next.READY) {
                continue;
            }
            Next then = next.deliver(traffic);
            touched.add(next.connection());
            if (then == Next.READY) {
                queue.add(next);
            } else if (then == Next.ENDED) {
                Owned owned = homes.get(next);
                remove(next);
                if (owned != null) {
                    ended.accept(owned);
                }
            }
        }
        return served;
    }

    /** Ends it with an error that its reader is told. */
    void end(Subscription subscription, Error why) {
        subscription.fail(why);
        touched.add(subscription.connection());
        remove(subscription);
    }

    /** Nothing follows for it. */
    void remove(Subscription subscription) {
        subscription.stop();
        Owned owned = homes.remove(subscription);
        if (owned != null) {
            owned.readers.remove(subscription);
        }
        Int2ObjectHashMap<Subscription> own =
                byConnection.get(subscription.connection().id());
        if (own != null && own.get(subscription.id()) == subscription) {
            own.remove(subscription.id());
            if (own.isEmpty()) {
                byConnection.remove(subscription.connection().id());
            }
        }
    }
}
