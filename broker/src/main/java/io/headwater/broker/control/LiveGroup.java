package io.headwater.broker.control;

import io.headwater.broker.net.Connection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the control agent remembers of a group while it has members: whom to tell, and where its partitions stand. */
final class LiveGroup {
    final String name;
    final int id;
    final Map<String, Link> links = new HashMap<>();
    /** Positions by partition, as the logs have them: every commit and seek of this group passes here. */
    final Map<Long, Long> positions = new HashMap<>();
    /** Asked for, not known yet. */
    final Set<Long> loading = new HashSet<>();
    /** A seek is on its way to the log. */
    final Set<Long> seeking = new HashSet<>();
    /** Positions that could not be read, and when to try again, in nanoseconds. */
    final Map<Long, Long> unreadable = new HashMap<>();

    /** A member's connection, and what it is still to be told. */
    static final class Link {
        final Connection connection;
        final int sessionTimeoutMs;
        /** The join that has not been answered; null: it has. */
        @Nullable
        Reply joining;
        /** The member's assignment changed and it has not been told. */
        boolean due;

        Link(Connection connection, int sessionTimeoutMs, @Nullable Reply joining) {
            this.connection = connection;
            this.sessionTimeoutMs = sessionTimeoutMs;
            this.joining = joining;
        }
    }

    LiveGroup(String name, int id) {
        this.name = name;
        this.id = id;
    }

    /** A commit is durable. It never goes back. */
    void committed(long partitionId, long offset) {
        if (!seeking.contains(partitionId)) {
            positions.computeIfPresent(partitionId, (partition, before) -> Math.max(before, offset));
        }
    }

    boolean isSettled(long partitionId) {
        return !seeking.contains(partitionId)
                && (positions.containsKey(partitionId) || unreadable.containsKey(partitionId));
    }
}
