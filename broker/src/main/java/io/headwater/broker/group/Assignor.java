package io.headwater.broker.group;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Decides which member should have which partition: as even as the subscriptions allow, and from where things are with
 * as few moves as that takes. A partition changes hands only to make the largest share smaller, or because its member
 * is gone.
 */
final class Assignor {
    private final Map<String, Share> shares = new LinkedHashMap<>();
    /** Members that subscribe to a topic. */
    private final Map<String, List<Share>> subscribers = new TreeMap<>();

    /** A member and what it is to have, by topic. */
    private static final class Share {
        final String member;
        final Set<String> topics;
        final Map<String, ArrayDeque<Long>> byTopic = new TreeMap<>();
        int size;

        Share(String member, Set<String> topics) {
            this.member = member;
            this.topics = topics;
        }

        void add(String topic, long partition) {
            byTopic.computeIfAbsent(topic, name -> new ArrayDeque<>()).addLast(partition);
            size++;
        }

        long removeLast(String topic) {
            ArrayDeque<Long> there = byTopic.get(topic);
            if (there == null || there.isEmpty()) {
                throw new IllegalStateException(member + " has nothing of topic " + topic);
            }
            size--;
            return there.removeLast();
        }

        boolean hasAnyOf(String topic) {
            ArrayDeque<Long> there = byTopic.get(topic);
            return there != null && !there.isEmpty();
        }
    }

    private Assignor(SortedMap<String, Set<String>> subscriptions) {
        subscriptions.forEach((member, topics) -> {
            Share share = new Share(member, topics);
            shares.put(member, share);
            topics.forEach(topic -> subscribers
                    .computeIfAbsent(topic, name -> new ArrayList<>())
                    .add(share));
        });
    }

    /**
     * @param subscriptions topics by member
     * @param present who was to have a partition until now; null: nobody
     * @param holder who still reads a partition: preferred, where that costs no evenness; null: nobody
     * @return member by partition, for every partition that somebody subscribes to
     */
    static Map<Long, String> assign(
            SortedMap<String, Set<String>> subscriptions,
            Topology topology,
            LongFunction<@Nullable String> present,
            LongFunction<@Nullable String> holder) {
        Assignor assignor = new Assignor(subscriptions);
        assignor.place(topology, present, holder);
        assignor.balance();
        Map<Long, String> assigned = new HashMap<>();
        for (Share share : assignor.shares.values()) {
            share.byTopic.values().forEach(all -> all.forEach(partition -> assigned.put(partition, share.member)));
        }
        return assigned;
    }

    private void place(
            Topology topology, LongFunction<@Nullable String> present, LongFunction<@Nullable String> holder) {
        record Free(String topic, long partition, int choices) {}
        List<Free> free = new ArrayList<>();
        subscribers.forEach((topic, members) -> {
            for (long partition : topology.partitionsOf(topic)) {
                Share share = eligible(present.apply(partition), topic);
                if (share != null) {
                    share.add(topic, partition);
                } else {
                    free.add(new Free(topic, partition, members.size()));
                }
            }
        });
        // Those with the fewest candidates first: what is left can then still be evened out.
        free.sort(Comparator.comparingInt(Free::choices));
        for (Free one : free) {
            Share best = least(subscribers.getOrDefault(one.topic(), List.of()));
            Share reading = eligible(holder.apply(one.partition()), one.topic());
            if (reading != null && best != null && reading.size <= best.size) {
                best = reading;
            }
            if (best != null) {
                best.add(one.topic(), one.partition());
            }
        }
    }

    private @Nullable Share eligible(@Nullable String member, String topic) {
        Share share = member == null ? null : shares.get(member);
        return share != null && share.topics.contains(topic) ? share : null;
    }

    private static @Nullable Share least(Collection<Share> among) {
        Share least = null;
        for (Share share : among) {
            if (least == null || share.size < least.size) {
                least = share;
            }
        }
        return least;
    }

    /**
     * Moves one partition at a time from a member to one that has at least two fewer, through others where the
     * subscriptions do not overlap, until no such pair is left.
     */
    private void balance() {
        boolean moved = true;
        while (moved) {
            moved = false;
            List<Share> largestFirst = new ArrayList<>(shares.values());
            largestFirst.sort(Comparator.comparingInt((Share share) -> -share.size));
            for (Share from : largestFirst) {
                if (relieve(from)) {
                    moved = true;
                    break;
                }
            }
        }
    }

    private record Step(Share from, String topic, Share to) {}

    private boolean relieve(Share from) {
        Map<Share, Step> reachedBy = new HashMap<>();
        Set<String> topicsSeen = new HashSet<>();
        Queue<Share> open = new ArrayDeque<>();
        open.add(from);
        while (!open.isEmpty()) {
            Share via = open.remove();
            Share best = null;
            for (String topic : via.byTopic.keySet()) {
                if (!via.hasAnyOf(topic) || !topicsSeen.add(topic)) {
                    continue;
                }
                for (Share to : subscribers.getOrDefault(topic, List.of())) {
                    if (to != from && reachedBy.putIfAbsent(to, new Step(via, topic, to)) == null) {
                        open.add(to);
                        if (to.size <= from.size - 2 && (best == null || to.size < best.size)) {
                            best = to;
                        }
                    }
                }
            }
            if (best != null) {
                moveAlong(reachedBy, from, best);
                return true;
            }
        }
        return false;
    }

    private static void moveAlong(Map<Share, Step> reachedBy, Share from, Share last) {
        Share at = last;
        while (at != from) {
            Step step = reachedBy.get(at);
            if (step == null) {
                throw new IllegalStateException("no way back from " + at.member + " to " + from.member);
            }
            at.add(step.topic(), step.from().removeLast(step.topic()));
            at = step.from();
        }
    }
}
