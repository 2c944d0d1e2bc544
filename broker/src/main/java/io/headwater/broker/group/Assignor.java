package io.headwater.broker.group;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Decides which member should have which partition: as even as the subscriptions allow, and from where things are with
 * as few moves as that takes. A partition changes hands only to make the largest share smaller, or because its member
 * is gone.
 */
final class Assignor {
    private final Map<String, Share> shares = new LinkedHashMap<>();
    private final SortedMap<String, Audience> audiences = new TreeMap<>();

    /** The members that subscribe to a topic: one object for all topics with the same members. */
    private static final class Audience {
        final List<Share> members;

        Audience(List<Share> members) {
            this.members = members;
        }
    }

    /** What a member is to have of the topics of one audience. */
    private static final class Lot {
        final Audience audience;
        final TreeMap<String, ArrayDeque<Long>> byTopic = new TreeMap<>();

        Lot(Audience audience) {
            this.audience = audience;
        }

        @Nullable
        String firstTopic() {
            return byTopic.isEmpty() ? null : byTopic.firstKey();
        }
    }

    /** A member and what it is to have. */
    private static final class Share {
        final String member;
        final Set<String> topics;
        final int order;
        final Map<Audience, Lot> lots = new HashMap<>();
        /** Those that hold something. Topics of one audience lead to the same members: only the first is looked at. */
        final SortedMap<String, Lot> byFirstTopic = new TreeMap<>();

        int size;

        Share(String member, Set<String> topics, int order) {
            this.member = member;
            this.topics = topics;
            this.order = order;
        }

        void add(Audience audience, String topic, long partition) {
            Lot lot = lots.computeIfAbsent(audience, Lot::new);
            String before = lot.firstTopic();
            lot.byTopic.computeIfAbsent(topic, name -> new ArrayDeque<>()).addLast(partition);
            size++;
            refile(lot, before);
        }

        /** Of the lot's first topic. */
        long removeLast(Lot lot) {
            Map.Entry<String, ArrayDeque<Long>> there = lot.byTopic.firstEntry();
            if (there == null) {
                throw new IllegalStateException(member + " has nothing to give");
            }
            long partition = there.getValue().removeLast();
            if (there.getValue().isEmpty()) {
                lot.byTopic.pollFirstEntry();
            }
            size--;
            refile(lot, there.getKey());
            return partition;
        }

        private void refile(Lot lot, @Nullable String before) {
            String now = lot.firstTopic();
            if (!Objects.equals(before, now)) {
                if (before != null) {
                    byFirstTopic.remove(before);
                }
                if (now != null) {
                    byFirstTopic.put(now, lot);
                }
            }
        }
    }

    private Assignor(SortedMap<String, Set<String>> subscriptions) {
        Map<String, List<Share>> subscribers = new HashMap<>();
        subscriptions.forEach((member, topics) -> {
            Share share = new Share(member, topics, shares.size());
            shares.put(member, share);
            topics.forEach(topic -> subscribers
                    .computeIfAbsent(topic, name -> new ArrayList<>())
                    .add(share));
        });
        Map<List<Share>, Audience> known = new HashMap<>();
        subscribers.forEach((topic, members) -> audiences.put(topic, known.computeIfAbsent(members, Audience::new)));
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
            for (Lot lot : share.byFirstTopic.values()) {
                lot.byTopic.values().forEach(all -> all.forEach(partition -> assigned.put(partition, share.member)));
            }
        }
        return assigned;
    }

    private void place(
            Topology topology, LongFunction<@Nullable String> present, LongFunction<@Nullable String> holder) {
        record Free(Audience audience, String topic, long partition) {}
        List<Free> free = new ArrayList<>();
        audiences.forEach((topic, audience) -> {
            for (long partition : topology.partitionsOf(topic)) {
                Share share = eligible(present.apply(partition), topic);
                if (share != null) {
                    share.add(audience, topic, partition);
                } else {
                    free.add(new Free(audience, topic, partition));
                }
            }
        });
        // Those with the fewest candidates first: what is left can then still be evened out.
        free.sort(Comparator.comparingInt(one -> one.audience().members.size()));
        for (Free one : free) {
            Share best = least(one.audience().members);
            Share reading = eligible(holder.apply(one.partition()), one.topic());
            if (reading != null && best != null && reading.size <= best.size) {
                best = reading;
            }
            if (best != null) {
                best.add(one.audience(), one.topic(), one.partition());
            }
        }
    }

    private @Nullable Share eligible(@Nullable String member, String topic) {
        Share share = member == null ? null : shares.get(member);
        return share != null && share.topics.contains(topic) ? share : null;
    }

    private static @Nullable Share least(List<Share> among) {
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
        TreeSet<Share> largestFirst = new TreeSet<>(
                Comparator.comparingInt((Share share) -> -share.size).thenComparingInt(share -> share.order));
        largestFirst.addAll(shares.values());
        Share from = largestFirst.isEmpty() ? null : largestFirst.first();
        while (from != null) {
            Map<Share, Step> reachedBy = new HashMap<>();
            Share to = findSmaller(from, reachedBy);
            if (to == null) {
                from = largestFirst.higher(from);
            } else {
                largestFirst.remove(from);
                largestFirst.remove(to);
                moveAlong(reachedBy, from, to);
                largestFirst.add(from);
                largestFirst.add(to);
                from = largestFirst.first();
            }
        }
    }

    /** How a member is reached: {@code from} gives it one of the lot's first topic. */
    private record Step(Share from, String topic, Lot lot) {}

    /** The nearest member with at least two fewer, and on the way to it how others were reached; null: there is none. */
    private @Nullable Share findSmaller(Share from, Map<Share, Step> reachedBy) {
        Set<Audience> seen = new HashSet<>();
        Queue<Share> open = new ArrayDeque<>();
        open.add(from);
        while (!open.isEmpty()) {
            Share via = open.remove();
            Share best = null;
            for (Map.Entry<String, Lot> held : via.byFirstTopic.entrySet()) {
                Lot lot = held.getValue();
                if (reachedBy.size() == shares.size() - 1) {
                    break;
                }
                if (!seen.add(lot.audience)) {
                    continue;
                }
                for (Share to : lot.audience.members) {
                    if (to != from && !reachedBy.containsKey(to)) {
                        reachedBy.put(to, new Step(via, held.getKey(), lot));
                        open.add(to);
                        if (to.size <= from.size - 2 && (best == null || to.size < best.size)) {
                            best = to;
                        }
                    }
                }
            }
            if (best != null) {
                return best;
            }
        }
        return null;
    }

    private static void moveAlong(Map<Share, Step> reachedBy, Share from, Share last) {
        Share at = last;
        while (at != from) {
            Step step = reachedBy.get(at);
            if (step == null) {
                throw new IllegalStateException("no way back from " + at.member + " to " + from.member);
            }
            at.add(step.lot().audience, step.topic(), step.from().removeLast(step.lot()));
            at = step.from();
        }
    }
}
