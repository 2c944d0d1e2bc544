package io.headwater.broker.group;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.record.testing.Seeds;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class GroupSimulationTest {
    private static final int SEEDS = 3_000;

    @Test
    void neverHasTwoReadersAndAlwaysSettlesEvenly() {
        Seeds.run(SEEDS, random -> {
            GroupWorld world = storm(random, false);
            world.settle();
            checkEverythingIsReadOnce(world);
            checkEvenness(world);
            checkNothingMovesAtRest(world);
        });
    }

    /** The control: where a client says "let go" and still reads, the checker must see two readers. */
    @Test
    void theCheckerSeesTwoReadersWhenClientsLie() {
        AssertionError seen = assertThrows(AssertionError.class, () -> {
            for (long seed = 0; seed < 200; seed++) {
                storm(new SplittableRandom(seed), true);
            }
        });
        assertTrue(String.valueOf(seen.getMessage()).contains("is read by"), seen.toString());
    }

    @Test
    void movesOnlyWhatANewMemberNeeds() {
        Seeds.run(SEEDS / 3, random -> {
            GroupWorld world = uniform(random);
            Map<Long, String> before = world.readers();
            int members = world.clients.size();
            GroupWorld.Client added = world.newClient(Set.of("a"));
            world.settle();
            Map<Long, String> after = world.readers();
            long moved = before.keySet().stream()
                    .filter(partition -> !Objects.equals(before.get(partition), after.get(partition)))
                    .count();
            assertEquals(before.size() / (members + 1), moved, "partitions moved");
            assertEquals(moved, added.reading.size());
        });
    }

    @Test
    void movesOnlyWhatALeavingMemberHad() {
        Seeds.run(SEEDS / 3, random -> {
            GroupWorld world = uniform(random);
            Map<Long, String> before = world.readers();
            GroupWorld.Client gone = world.clients.firstEntry().getValue();
            if (random.nextBoolean()) {
                world.leave(gone);
            } else {
                world.crash(gone);
            }
            world.settle();
            Map<Long, String> after = world.readers();
            if (world.clients.isEmpty()) {
                return;
            }
            before.forEach((partition, reader) -> {
                if (!reader.equals(gone.id)) {
                    assertEquals(reader, after.get(partition), "partition " + partition);
                }
            });
            assertEquals(before.keySet(), after.keySet());
        });
    }

    @Test
    void keepsTheAssignmentOfAMemberThatComesBackWithinItsGrace() {
        Seeds.run(SEEDS / 3, random -> {
            GroupWorld world = uniform(random);
            Map<Long, String> before = world.readers();
            GroupWorld.Client back = world.clients.lastEntry().getValue();
            world.disconnect(back);
            world.tick(random.nextLong(GroupWorld.GRACE_MS));
            for (GroupWorld.Client other : world.clients.values()) {
                world.heartbeat(other);
                assertTrue(other.inbox.isEmpty(), "nobody hears of a member that is only away");
            }
            world.connect(back);
            world.settle();
            assertEquals(before, world.readers());
        });
    }

    @Test
    void theSameSeedGivesTheSameHistory() {
        for (long seed = 0; seed < 20; seed++) {
            GroupWorld one = storm(new SplittableRandom(seed), false);
            GroupWorld two = storm(new SplittableRandom(seed), false);
            one.settle();
            two.settle();
            assertEquals(one.readers(), two.readers());
        }
    }

    private static GroupWorld uniform(SplittableRandom random) {
        GroupWorld world = new GroupWorld(random, false);
        world.addPartitions("a", 1 + random.nextInt(40));
        int members = 1 + random.nextInt(8);
        for (int i = 0; i < members; i++) {
            world.newClient(Set.of("a"));
            if (random.nextBoolean()) {
                world.settle();
            }
        }
        world.settle();
        return world;
    }

    private static GroupWorld storm(SplittableRandom random, boolean lettingGoIsIgnored) {
        GroupWorld world = new GroupWorld(random, lettingGoIsIgnored);
        world.addPartitions("a", 1 + random.nextInt(12));
        world.addPartitions("b", 1 + random.nextInt(5));
        int steps = 50 + random.nextInt(150);
        for (int step = 0; step < steps; step++) {
            step(world);
            world.checkOneOwner();
        }
        return world;
    }

    private static void step(GroupWorld world) {
        SplittableRandom random = world.random;
        GroupWorld.Client client = world.anyClient();
        int dice = random.nextInt(100);
        if (client == null || (dice < 8 && world.clients.size() < 8)) {
            world.newClient(List.of(Set.of("a"), Set.of("b"), Set.of("a", "b"), Set.of("a", "b"))
                    .get(random.nextInt(4)));
        } else if (dice < 40) {
            world.applyOne(client);
        } else if (dice < 70) {
            world.heartbeat(client);
        } else if (dice < 80) {
            if (!client.finishing.isEmpty()) {
                client.finishing.remove(client.finishing.first());
            }
        } else if (dice < 88) {
            world.tick(random.nextInt(200));
        } else if (dice < 90) {
            world.leave(client);
        } else if (dice < 92) {
            world.crash(client);
        } else if (dice < 95) {
            if (client.connection >= 0) {
                world.disconnect(client);
            } else {
                world.connect(client);
            }
        } else if (dice < 97) {
            world.addPartitions(random.nextBoolean() ? "a" : "b", 1 + random.nextInt(3));
        } else if (dice < 98) {
            world.deleteTopic("b");
        } else {
            world.coordinator.seek(GroupWorld.GROUP, world.topics.getOrDefault("a", List.of()));
        }
    }

    private static void checkEverythingIsReadOnce(GroupWorld world) {
        Set<Long> wanted = new HashSet<>();
        world.clients
                .values()
                .forEach(client ->
                        client.topics.forEach(topic -> wanted.addAll(world.topics.getOrDefault(topic, List.of()))));
        Set<Long> read = new HashSet<>();
        world.clients
                .values()
                .forEach(client -> client.reading.forEach(
                        partition -> assertTrue(read.add(partition), "partition " + partition + " has two readers")));
        assertEquals(wanted, read);
    }

    /** Among those with the same subscription nobody has more than one partition more than another. */
    private static void checkEvenness(GroupWorld world) {
        Map<String, int[]> bounds = new TreeMap<>();
        for (GroupWorld.Client client : world.clients.values()) {
            int size = client.reading.size();
            int[] range = bounds.computeIfAbsent(
                    String.join(",", new java.util.TreeSet<>(client.topics)), topics -> new int[] {size, size});
            range[0] = Math.min(range[0], size);
            range[1] = Math.max(range[1], size);
        }
        bounds.forEach((topics, range) ->
                assertTrue(range[1] - range[0] <= 1, topics + ": " + range[0] + " to " + range[1] + " partitions"));
    }

    private static void checkNothingMovesAtRest(GroupWorld world) {
        Map<Long, String> before = world.readers();
        assertEquals(0, world.settle(), "rounds until quiet");
        assertEquals(before, world.readers());
    }
}
