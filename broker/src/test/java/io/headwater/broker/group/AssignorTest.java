package io.headwater.broker.group;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sizes that simulations do not reach. */
class AssignorTest {
    private static final int TOPICS = 20_000;
    private static final int MEMBERS = 10;

    /** A partition in each topic. */
    private static final Topology TOPOLOGY = new Topology() {
        @Override
        public List<Long> partitionsOf(String topic) {
            return List.of(Long.parseLong(topic));
        }

        @Override
        public boolean exists(long partitionId) {
            return true;
        }
    };

    private static Set<String> topics(int first, int step) {
        Set<String> topics = new TreeSet<>();
        for (int topic = first; topic < TOPICS; topic += step) {
            topics.add(Integer.toString(topic));
        }
        return topics;
    }

    private static Map<Long, String> assign(SortedMap<String, Set<String>> members, Map<Long, String> before) {
        return Assignor.assign(members, TOPOLOGY, before::get, before::get);
    }

    /** Looking at every topic for every move takes minutes here; it is to take well under a second. */
    @Test
    @Timeout(20)
    void sharesTwentyThousandTopicsAmongMembersThatComeOneByOne() {
        SortedMap<String, Set<String>> members = new TreeMap<>();
        Map<Long, String> assigned = new HashMap<>();
        for (int count = 1; count <= MEMBERS; count++) {
            members.put("m" + count, topics(0, 1));
            Map<Long, String> before = assigned;
            assigned = assign(members, before);
            Map<Long, String> now = assigned;
            long moved = before.keySet().stream()
                    .filter(partition -> !before.get(partition).equals(now.get(partition)))
                    .count();
            assertEquals(count == 1 ? 0 : TOPICS / count, moved, count + " members");
            assertEven(assigned, TOPICS, count);
        }
    }

    /** The same where no member ever reaches all others: two teams, each with every second topic. */
    @Test
    @Timeout(20)
    void sharesTwentyThousandTopicsAmongTwoTeams() {
        SortedMap<String, Set<String>> members = new TreeMap<>();
        Map<Long, String> assigned = new HashMap<>();
        for (int count = 1; count <= MEMBERS / 2; count++) {
            members.put("a" + count, topics(0, 2));
            members.put("b" + count, topics(1, 2));
            assigned = assign(members, assigned);
            assertEven(assigned, TOPICS, 2 * count);
            assigned.forEach((partition, member) -> assertEquals(partition % 2 == 0 ? 'a' : 'b', member.charAt(0)));
        }
    }

    private static void assertEven(Map<Long, String> assigned, int partitions, int members) {
        LongSummaryStatistics shares = assigned.values().stream()
                .collect(Collectors.groupingBy(member -> member, Collectors.counting()))
                .values()
                .stream()
                .mapToLong(share -> share)
                .summaryStatistics();
        assertEquals(partitions, shares.getSum());
        assertEquals(members, shares.getCount());
        assertTrue(shares.getMax() - shares.getMin() <= 1, shares.toString());
    }
}
