package io.headwater.broker.group;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A coordinator and its clients in one thread: clients hear assignments late, stop reading late, lose connections, come
 * back or do not. After each step it is checked that no two clients that count read the same partition.
 */
final class GroupWorld {
    static final String GROUP = "g";
    static final long SESSION_MS = 1000;
    static final long GRACE_MS = 300;
    static final long REVOCATION_MS = 400;

    final SplittableRandom random;
    final TreeMap<String, List<Long>> topics = new TreeMap<>();
    final TreeMap<String, Client> clients = new TreeMap<>();
    final GroupCoordinator coordinator;
    final boolean lettingGoIsIgnored;
    long nowMs;
    private long nextPartition = 1;
    private long nextConnection = 1;
    private int nextMember = 1;

    /** A member as the program that embeds it sees things. */
    static final class Client {
        final String id;
        final Set<String> topics;
        long connection = -1;
        int generation;
        /** Read now; grows and shrinks only by assignments that were applied. */
        final TreeSet<Long> reading = new TreeSet<>();
        /** What an applied assignment no longer names, still being finished. */
        final TreeSet<Long> finishing = new TreeSet<>();
        /** What the coordinator says now that it may read, whether it has heard of that or not. */
        Set<Long> named = Set.of();
        /** What the coordinator has taken back from it, and when: it may read these for a time only. */
        final Map<Long, Long> takenBackMs = new HashMap<>();
        /** Pushed by the coordinator, not seen yet. */
        final List<MemberAssignment> inbox = new ArrayList<>();

        Client(String id, Set<String> topics) {
            this.id = id;
            this.topics = topics;
        }

        Set<Long> owned() {
            Set<Long> owned = new TreeSet<>(reading);
            owned.addAll(finishing);
            return owned;
        }
    }

    /**
     * @param lettingGoIsIgnored the control: clients say that they own nothing while they still read
     */
    GroupWorld(SplittableRandom random, boolean lettingGoIsIgnored) {
        this.random = random;
        this.lettingGoIsIgnored = lettingGoIsIgnored;
        this.coordinator = new GroupCoordinator(
                new Topology() {
                    @Override
                    public List<Long> partitionsOf(String topic) {
                        return topics.getOrDefault(topic, List.of());
                    }

                    @Override
                    public boolean exists(long partitionId) {
                        return topics.values().stream().anyMatch(all -> all.contains(partitionId));
                    }
                },
                GRACE_MS,
                REVOCATION_MS);
    }

    void addPartitions(String topic, int count) {
        List<Long> all = new ArrayList<>(topics.getOrDefault(topic, List.of()));
        for (int i = 0; i < count; i++) {
            all.add(nextPartition++);
        }
        topics.put(topic, all);
        coordinator.topologyChanged(nowMs);
        deliver();
    }

    void deleteTopic(String topic) {
        topics.remove(topic);
        coordinator.topologyChanged(nowMs);
        deliver();
    }

    Client newClient(Set<String> subscribed) {
        Client client = new Client("m" + nextMember++, subscribed);
        clients.put(client.id, client);
        connect(client);
        return client;
    }

    void connect(Client client) {
        client.connection = nextConnection++;
        client.inbox.clear();
        JoinRequest request =
                new JoinRequest(client.id, client.connection, "c", "here", client.topics, SESSION_MS, nowMs);
        boolean stillMember = coordinator.assignment(GROUP, client.id) != null;
        MemberAssignment assignment = coordinator.join(GROUP, request, nowMs);
        if (!stillMember) {
            // As a new member: whatever it read before is not its own any more.
            client.reading.clear();
            client.finishing.clear();
            client.generation = 0;
        }
        client.inbox.add(assignment);
        deliver();
    }

    void disconnect(Client client) {
        if (client.connection >= 0) {
            coordinator.connectionClosed(client.connection, nowMs);
            client.connection = -1;
            client.inbox.clear();
        }
    }

    /** The program ends without a word. */
    void crash(Client client) {
        disconnect(client);
        clients.remove(client.id);
    }

    void leave(Client client) {
        coordinator.leave(GROUP, client.id, client.connection, nowMs);
        client.connection = -1;
        clients.remove(client.id);
        deliver();
    }

    void applyOne(Client client) {
        if (!client.inbox.isEmpty()) {
            apply(client, client.inbox.remove(0));
        }
    }

    private static void apply(Client client, MemberAssignment assignment) {
        if (assignment.generation() < client.generation) {
            return;
        }
        client.generation = assignment.generation();
        Set<Long> named = new HashSet<>();
        assignment.partitions().forEach(partition -> named.add(partition.partitionId()));
        for (Long partition : List.copyOf(client.reading)) {
            if (!named.contains(partition)) {
                client.reading.remove(partition);
                client.finishing.add(partition);
            }
        }
        client.finishing.removeAll(named);
        client.reading.addAll(named);
    }

    void heartbeat(Client client) {
        if (client.connection < 0) {
            return;
        }
        Set<Long> owned = lettingGoIsIgnored ? Set.copyOf(client.reading) : client.owned();
        Verdict verdict = coordinator.heartbeat(GROUP, client.id, client.connection, client.generation, owned, nowMs);
        if (verdict == Verdict.UNKNOWN_MEMBER) {
            connect(client);
        } else if (verdict != Verdict.OK) {
            throw new AssertionError("heartbeat of " + client.id + ": " + verdict);
        }
        deliver();
    }

    void tick(long ms) {
        nowMs += ms;
        coordinator.tick(nowMs);
        deliver();
    }

    /** Remembers since when a client should have let go what it was given. */
    private void noteTakenBack() {
        for (Client client : clients.values()) {
            MemberAssignment newest = coordinator.assignment(GROUP, client.id);
            Set<Long> now = new HashSet<>();
            if (newest == null) {
                client.takenBackMs.clear();
            } else {
                newest.partitions().forEach(partition -> now.add(partition.partitionId()));
                client.named.stream()
                        .filter(partition -> !now.contains(partition))
                        .forEach(partition -> client.takenBackMs.put(partition, nowMs));
                client.takenBackMs.keySet().removeAll(now);
            }
            client.named = now;
        }
    }

    private void deliver() {
        noteTakenBack();
        for (MemberAssignment assignment : coordinator.takeChanges()) {
            Client client = clients.get(assignment.memberId());
            if (client != null && client.connection == assignment.connectionId()) {
                client.inbox.add(assignment);
            }
        }
    }

    /**
     * Two that the coordinator both counts as members must never read the same partition, but for one that has not let
     * it go for {@link #REVOCATION_MS}.
     */
    void checkOneOwner() {
        Map<Long, String> readers = new HashMap<>();
        for (Client client : clients.values()) {
            if (coordinator.assignment(GROUP, client.id) == null) {
                continue;
            }
            for (Long partition : client.owned()) {
                boolean overdue = nowMs - client.takenBackMs.getOrDefault(partition, nowMs) >= REVOCATION_MS;
                String other = exists(partition) && !overdue ? readers.put(partition, client.id) : null;
                if (other != null) {
                    throw new AssertionError("partition " + partition + " is read by " + other + " and " + client.id);
                }
            }
        }
    }

    private boolean exists(long partition) {
        return topics.values().stream().anyMatch(all -> all.contains(partition));
    }

    /** Everybody is connected, listens at once and lets go at once, until nothing changes any more. */
    int settle() {
        for (Client client : clients.values()) {
            if (client.connection < 0) {
                connect(client);
            }
        }
        // Long enough for the crashed to be fenced, with signs of life from the others.
        for (int quarter = 0; quarter < 5; quarter++) {
            clients.values().forEach(this::heartbeat);
            tick(SESSION_MS / 4);
        }
        for (int round = 0; round < 50; round++) {
            boolean quiet = true;
            for (Client client : List.copyOf(clients.values())) {
                quiet &= client.inbox.isEmpty() && client.finishing.isEmpty();
                while (!client.inbox.isEmpty()) {
                    applyOne(client);
                }
                client.finishing.clear();
                heartbeat(client);
            }
            checkOneOwner();
            tick(10);
            if (quiet) {
                return round;
            }
        }
        throw new AssertionError("the group does not settle");
    }

    /** Reader by partition, of those who count. */
    Map<Long, String> readers() {
        Map<Long, String> readers = new TreeMap<>();
        clients.values().forEach(client -> client.reading.forEach(partition -> readers.put(partition, client.id)));
        return readers;
    }

    @Nullable
    Client anyClient() {
        List<Client> all = List.copyOf(clients.values());
        return all.isEmpty() ? null : all.get(random.nextInt(all.size()));
    }
}
