package io.headwater.broker.shard;

import io.headwater.broker.partition.PartitionErrors;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.broker.replica.Replica;
import io.headwater.protocol.wire.Error;
import io.headwater.storage.StorageException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Answers that say where a log ends, or that there is nothing more. Where others vote, a later leader may have more than this
 * one knows of: so they wait until enough voters have confirmed, asked since the question came, that they still follow. All
 * that came to a partition in a turn wait for one round, and what the rounds of a turn ask of another broker leaves together.
 * On the owner's thread.
 */
final class EndReads {
    /** No longer than a client waits for a word of a broker before it looks for another one. */
    static final long WAIT_MS = 1_000;
    /** What was asked may be lost, and who was asked may not have followed yet. */
    private static final long AGAIN_MS = 100;

    private static final long NEVER = Long.MAX_VALUE;

    /** Somebody's question. */
    interface Read {
        /** What the partition says now is true. What is thrown is answered with {@link #fail}. */
        void answer() throws StorageException, RequestFailedException;

        /** Definite. */
        void fail(Error why);
    }

    private record Waiting(Read read, long round, long untilMs) {}

    /** Of one partition. */
    private static final class Line {
        final List<Read> fresh = new ArrayList<>();
        /** In the order of their rounds. */
        final ArrayDeque<Waiting> waiting = new ArrayDeque<>();

        long askedMs;

        boolean isEmpty() {
            return fresh.isEmpty() && waiting.isEmpty();
        }
    }

    private final Map<Owned, Line> lines = new LinkedHashMap<>();
    private long nextMs = NEVER;

    /**
     * Answers at once where nobody else votes, or in one of the next turns.
     *
     * @param local what this broker believes is enough
     */
    void ask(Owned owned, boolean local, Read read) {
        if (local || !owned.home().replica().mustConfirm()) {
            answer(owned, read);
        } else {
            lines.computeIfAbsent(owned, each -> new Line()).fresh.add(read);
        }
    }

    private static void answer(Owned owned, Read read) {
        try {
            read.answer();
        } catch (StorageException e) {
            read.fail(PartitionErrors.of(owned.partition.info(), e));
        } catch (RequestFailedException e) {
            read.fail(e.error());
        }
    }

    /** Asks the voters, and answers those who have waited for them. Returns how many. */
    int turn(long nowMs) {
        if (lines.isEmpty()) {
            return 0;
        }
        int done = 0;
        for (Map.Entry<Owned, Line> each : List.copyOf(lines.entrySet())) {
            askVoters(each.getKey().home().replica(), each.getValue(), nowMs);
            done += release(each.getKey(), each.getValue(), nowMs);
        }
        lines.values().removeIf(Line::isEmpty);
        nextMs = NEVER;
        lines.values().forEach(line -> nextMs = Math.min(nextMs, line.askedMs + AGAIN_MS));
        return done;
    }

    private static void askVoters(Replica replica, Line line, long nowMs) {
        if (line.fresh.isEmpty() && nowMs - line.askedMs < AGAIN_MS) {
            return;
        }
        line.askedMs = nowMs;
        long round = replica.askToConfirm();
        line.fresh.forEach(read -> line.waiting.add(new Waiting(read, round, nowMs + WAIT_MS)));
        line.fresh.clear();
    }

    private static int release(Owned owned, Line line, long nowMs) {
        long confirmed = owned.home().replica().confirmedRound();
        int done = 0;
        for (Waiting first = line.waiting.peek(); first != null; first = line.waiting.peek()) {
            if (first.round() <= confirmed) {
                line.waiting.remove();
                answer(owned, first.read());
            } else if (first.untilMs() <= nowMs) {
                line.waiting.remove();
                first.read().fail(PartitionErrors.notConfirmed(owned.partition.info(), WAIT_MS));
            } else {
                break;
            }
            done++;
        }
        return done;
    }

    /** It is not served any more. */
    void failAll(Owned owned, Error why) {
        Line line = lines.remove(owned);
        if (line != null) {
            line.waiting.forEach(each -> each.read().fail(why));
            line.fresh.forEach(read -> read.fail(why));
        }
    }

    boolean isEmpty() {
        return lines.isEmpty();
    }

    /** In how many milliseconds {@link #turn} has something to do; the largest long: not before something happens. */
    long nextInMs(long nowMs) {
        return lines.isEmpty() ? NEVER : Math.max(0, nextMs - nowMs);
    }
}
