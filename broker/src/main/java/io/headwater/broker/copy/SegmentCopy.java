package io.headwater.broker.copy;

import io.headwater.broker.copy.SegmentAnswer.Failed;
import io.headwater.broker.copy.SegmentAnswer.Later;
import io.headwater.broker.copy.SegmentAnswer.Part;
import io.headwater.storage.DiskFullException;
import io.headwater.storage.IncomingSegment;
import io.headwater.storage.SegmentManifest;
import io.headwater.storage.StorageException;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fills one log with segments of another copy, one after the other, for {@code ReplicaOwner.mustCopy}: asks for some bytes,
 * writes them to a file beside the log, asks for the next; when all of a segment is there, checks all of it, and makes it
 * the last one of the log. At every moment the log is a beginning of what is committed, and the next start goes on with it,
 * and with the part of a segment that was there.
 *
 * <p>It ends where there is no further segment, or when it cannot go on: then the entries that are missing come as those of
 * any follower. On the owner's thread, but for the files.
 */
public final class SegmentCopy {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentCopy.class);
    private static final long RETRY_MS = 500;
    private static final long FULL_MS = 5_000;
    private static final long IN_LINE_MS = 50;
    private static final long MOST_PAUSE_MS = 1_000;
    /** Answers that say why not, or questions without one, before it is left to the stream of entries. */
    private static final int MOST_FAILURES = 10;
    /** How often a segment may turn out to be damaged. */
    private static final int MOST_SPOILT = 5;

    /** What it has of the world. */
    public interface Ports {
        /** The node of a copy that leads; 0: nobody does at this moment. */
        int source();

        /** @param back hears the answer, or that there is none, on any thread */
        void ask(int node, SegmentQuestion question, Consumer<SegmentAnswer> back);

        /** Runs work on the owner's thread, unless the copy is not there any more by then. */
        void soon(Runnable work);

        /**
         * It is over; nothing of it happens any more.
         *
         * @param more whether it would be worth to copy again, if there are further segments
         */
        void ended(boolean more);
    }

    private final CopyLog log;
    private final long partitionId;
    private final long untilIndex;
    private final SegmentTraffic traffic;
    private final Executor files;
    private final int partBytes;
    private final Ports ports;
    private @Nullable IncomingSegment incoming;
    private boolean inLine = true;
    /** A question has no answer yet. */
    private boolean asking;
    /** Something of it is being written, or read once more. */
    private boolean writing;
    /** What came while that was so. */
    private @Nullable Part ready;
    /** Where in the segment's file the next question begins. */
    private long next;
    /** It is known what an earlier copy has left of the segment. */
    private boolean opened;

    private boolean over;
    private long dueMs;
    private long pauseMs;
    private long askedMs;
    private long asked;
    private int failures;
    private int spoilt;
    private int taken;
    private long bytes;

    /**
     * @param untilIndex where it ends, if not before: segments that are sealed later come as fast as they are taken, perhaps
     * @param home of this broker: what bounds and counts all that it gives and takes
     */
    public SegmentCopy(CopyLog log, long partitionId, long untilIndex, SegmentGiver home, Ports ports) {
        this.log = log;
        this.partitionId = partitionId;
        this.untilIndex = untilIndex;
        this.traffic = home.traffic();
        this.files = home.files();
        this.partBytes = home.partBytes();
        this.ports = ports;
    }

    /** Asks for what comes next, if it is time for that. */
    public void step(long nowMs) {
        if (pauseMs > 0) {
            dueMs = nowMs + pauseMs;
            pauseMs = 0;
        }
        if (!maySay() || nowMs < dueMs) {
            return;
        }
        int node = ports.source();
        if (node == 0) {
            // Which may take long, and others need not wait for it.
            leavePlace();
            dueMs = nowMs + RETRY_MS;
            return;
        }
        if (inLine && !traffic.begin()) {
            dueMs = nowMs + IN_LINE_MS;
            return;
        }
        inLine = false;
        long waitMs = traffic.taking().waitMs(nowMs);
        if (waitMs > 0) {
            dueMs = nowMs + waitMs;
            return;
        }
        asking = true;
        askedMs = nowMs;
        long number = ++asked;
        ports.ask(
                node,
                question(),
                answer -> ports.soon(() -> {
                    if (!over && number == asked && asking) {
                        asking = false;
                        answered(node, answer);
                    }
                }));
    }

    /** In how many milliseconds {@link #step} has something to do; the largest long: not before something happens. */
    public long nextInMs(long nowMs) {
        return !maySay() ? Long.MAX_VALUE : pauseMs > 0 ? pauseMs : Math.max(0, dueMs - nowMs);
    }

    /** Whether there is something to ask for: of a segment that is all there, not before it has turned out to be right. */
    private boolean maySay() {
        IncomingSegment begun = incoming;
        boolean wanted = begun == null ? !writing : next < begun.manifest().bytes() && (opened || !writing);
        return !over && !asking && ready == null && wanted;
    }

    private SegmentQuestion question() {
        IncomingSegment begun = incoming;
        return begun == null
                ? new SegmentQuestion(partitionId, log.endIndex(), 0, 0, partBytes)
                : new SegmentQuestion(
                        partitionId, log.endIndex(), begun.manifest().checksum(), next, partBytes);
    }

    private void answered(int node, SegmentAnswer answer) {
        if (answer instanceof Part part) {
            failures = 0;
            traffic.taking().used(part.bytes().remaining(), askedMs);
            next = part.position() + part.bytes().remaining();
            received(part);
        } else if (answer instanceof Later later) {
            goOn(Math.min(Math.max(1, later.inMs()), MOST_PAUSE_MS));
        } else if (answer instanceof Failed failed) {
            if (++failures < MOST_FAILURES) {
                goOn(RETRY_MS);
            } else {
                fail("node " + node + ": " + failed.why());
            }
        } else {
            // What is not there any more, its leader knows better. What is not sealed yet comes as entries, and what is
            // sealed
            // meanwhile as well: there would be more each time.
            end(taken > 0 && answer instanceof SegmentAnswer.Gone);
        }
    }

    private void goOn(long inMs) {
        pauseMs = inMs;
    }

    /** One part is written, and at most one more waits for that: meanwhile the next one comes. */
    private void received(Part part) {
        if (writing) {
            ready = part;
            return;
        }
        ready = null;
        try {
            IncomingSegment segment = begun(part.segment());
            if (segment == null) {
                fail("segment " + part.segment() + " does not go on where the log ends, at entry " + log.endIndex());
                return;
            }
            writing = true;
            files.execute(() -> {
                Outcome outcome = write(segment, part);
                ports.soon(() -> written(segment, outcome));
            });
        } catch (StorageException e) {
            failed(e);
        }
    }

    /** The one that is under way, or, if it was rewritten over there, the one that it is now. */
    private @Nullable IncomingSegment begun(SegmentManifest segment) throws StorageException {
        IncomingSegment begun = incoming;
        if (begun != null && begun.manifest().equals(segment)) {
            return begun;
        }
        if (begun != null) {
            begun.close();
        }
        incoming = log.exchange().receive(segment);
        opened = false;
        spoilt = 0;
        return incoming;
    }

    /** @param failure null: there was none */
    private record Outcome(
            boolean complete, boolean whole, @Nullable IOException failure) {}

    /** Off the owner's thread. */
    private Outcome write(IncomingSegment segment, Part part) {
        try {
            segment.write(part.position(), part.bytes());
            traffic.took(part.bytes().remaining());
            boolean complete = segment.isComplete();
            return new Outcome(complete, complete && segment.finish(), null);
        } catch (IOException e) {
            return new Outcome(false, false, e);
        } catch (RuntimeException e) {
            return new Outcome(false, false, new IOException(segment.manifest() + ": " + e, e));
        }
    }

    private void written(IncomingSegment segment, Outcome outcome) {
        writing = false;
        if (over) {
            return;
        }
        boolean first = !opened;
        opened = true;
        if (outcome.failure() != null) {
            failed(outcome.failure());
        } else if (outcome.whole()) {
            take(segment);
        } else if (outcome.complete()) {
            spoilt(segment);
        } else if (ready != null) {
            received(ready);
        } else if (first || !asking) {
            // Further on where an earlier copy had come so far.
            next = segment.position();
        }
    }

    private void spoilt(IncomingSegment segment) {
        if (++spoilt >= MOST_SPOILT) {
            discard();
            fail("segment " + segment.manifest() + " comes damaged each time");
            return;
        }
        next = segment.position();
        LOG.warn(
                "partition {}: segment {} did not come as it is announced; what it holds from byte {} on is fetched again",
                partitionId,
                segment.manifest().baseIndex(),
                next);
    }

    private void take(IncomingSegment segment) {
        if (!log.take(segment)) {
            discard();
            fail("segment " + segment.manifest() + " does not go on where the log ends, at entry " + log.endIndex());
            return;
        }
        incoming = null;
        next = 0;
        spoilt = 0;
        taken++;
        bytes += segment.manifest().bytes();
        traffic.tookSegment();
        if (log.endIndex() >= untilIndex) {
            end(false);
        }
    }

    /** A full disk may have room later. */
    private void failed(IOException why) {
        if (why instanceof DiskFullException) {
            LOG.warn("partition {}: no segment can be copied now: {}", partitionId, why.getMessage());
            IncomingSegment begun = incoming;
            next = begun == null ? 0 : begun.position();
            ready = null;
            goOn(FULL_MS);
        } else {
            fail(String.valueOf(why.getMessage()));
        }
    }

    private void fail(String why) {
        LOG.warn("partition {}: no more segments are copied, the rest comes entry by entry: {}", partitionId, why);
        end(false);
    }

    private void discard() {
        IncomingSegment begun = incoming;
        incoming = null;
        if (begun != null) {
            files.execute(() -> {
                try {
                    begun.discard();
                } catch (IOException e) {
                    LOG.warn("partition {}: {}", partitionId, e.toString());
                }
            });
        }
    }

    private void end(boolean more) {
        if (taken > 0) {
            LOG.info(
                    "partition {}: {} segments copied, {} bytes, up to entry {}",
                    partitionId,
                    taken,
                    bytes,
                    log.endIndex());
        }
        discard();
        stop();
        ports.ended(more);
    }

    private void leavePlace() {
        if (!inLine) {
            inLine = true;
            traffic.end();
        }
    }

    /** Whoever wanted it does not want it any more. */
    public void stop() {
        if (over) {
            return;
        }
        over = true;
        leavePlace();
        IncomingSegment begun = incoming;
        incoming = null;
        if (begun != null) {
            files.execute(begun::close);
        }
    }
}
