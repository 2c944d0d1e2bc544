package io.headwater.client;

import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Commit;
import io.headwater.protocol.wire.CommitPosition;
import io.headwater.protocol.wire.CommitReply;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the broker how far a group's member has come. On the user's thread; one automatic commit at a time. */
final class Committer {
    private static final Logger LOG = LoggerFactory.getLogger(Committer.class);

    private final Caller caller;
    private final GroupMember member;
    private @Nullable CompletableFuture<?> running;

    Committer(Caller caller, GroupMember member) {
        this.caller = caller;
        this.member = member;
    }

    /** Waits until the positions are durable. */
    void commit(Collection<PartitionReader> readers) {
        List<PartitionReader> behind = new ArrayList<>();
        Commit request = request(readers, behind);
        if (behind.isEmpty()) {
            return;
        }
        HeadwaterException refused = settle(request, behind, caller.await(start(request)));
        if (refused != null) {
            throw refused;
        }
    }

    /**
     * Waits until the positions are durable. A partition that was taken away or moved meanwhile is not ours to commit
     * any more: whoever reads it next reads what was not committed again.
     */
    void commitWhatIsStillOurs(Collection<PartitionReader> readers) {
        try {
            commit(readers);
        } catch (HeadwaterException.Rejected e) {
            if (!e.code().equals("STALE_GENERATION") && !e.code().equals("UNKNOWN_MEMBER")) {
                throw e;
            }
            LOG.info("group {}: positions not committed: {}", member.group(), e.getMessage());
        }
    }

    /** Does not wait; failures are logged, and tried again with the next one. */
    void commitInBackground(Collection<PartitionReader> readers) {
        CompletableFuture<?> before = running;
        if (before != null && !before.isDone()) {
            return;
        }
        List<PartitionReader> behind = new ArrayList<>();
        Commit request = request(readers, behind);
        if (behind.isEmpty()) {
            return;
        }
        running = start(request).handle((reply, failure) -> {
            Throwable why = failure != null ? failure : settle(request, behind, reply);
            if (why != null) {
                LOG.warn("group {}: positions not committed, will try again: {}", member.group(), why.getMessage());
            }
            return reply;
        });
    }

    private CompletableFuture<CommitReply> start(Commit request) {
        return caller.start(FrameType.COMMIT, request, Call.Repeat.SAFE, CommitReply.class);
    }

    private Commit request(Collection<PartitionReader> readers, List<PartitionReader> behind) {
        Commit.Builder request = Commit.newBuilder()
                .setGroup(member.group())
                .setMemberId(member.memberId())
                .setGeneration(member.generation());
        for (PartitionReader reader : readers) {
            CommitPosition position = reader.toCommit();
            if (position != null) {
                request.addPositions(position);
                behind.add(reader);
            }
        }
        return request.build();
    }

    private static @Nullable HeadwaterException settle(
            Commit request, List<PartitionReader> behind, CommitReply reply) {
        HeadwaterException refused = null;
        for (int i = 0; i < behind.size() && i < reply.getResultsCount(); i++) {
            if (reply.getResults(i).hasError()) {
                refused = WireErrors.exception(reply.getResults(i).getError());
            } else {
                behind.get(i).committed = request.getPositions(i).getOffset();
            }
        }
        return refused;
    }
}
