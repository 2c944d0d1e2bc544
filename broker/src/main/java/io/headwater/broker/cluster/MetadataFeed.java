package io.headwater.broker.cluster;

import io.headwater.broker.metadata.MetadataCodec;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.peer.wire.FetchMetadata;
import io.headwater.broker.peer.wire.MetadataNews;
import io.headwater.broker.peer.wire.PeerMessage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The other end of {@link Tail}, on a voter: answers when there is news, with the last commands where those are enough, and
 * with the whole picture otherwise. On the owner's thread.
 */
final class MetadataFeed {
    private static final int MOST_COMMANDS = 1_000;
    private static final int MOST_BYTES = 256 << 10;
    private static final int LONGEST_WAIT_MS = 10_000;

    private record Waiting(long after, long untilNs, Consumer<PeerMessage> answer) {}

    private final List<Waiting> waiting = new ArrayList<>();
    /** The last that took effect; the newest made the present picture. */
    private final Deque<Command> recent = new ArrayDeque<>();

    private int recentBytes;
    private MetadataImage image;
    private String leader = "";
    private List<String> voters = List.of();

    MetadataFeed(MetadataImage image) {
        this.image = image;
    }

    void applied(MetadataImage next, Command command) {
        image = next;
        recent.add(command);
        recentBytes += command.getSerializedSize();
        while (recent.size() > MOST_COMMANDS || recentBytes > MOST_BYTES) {
            recentBytes -= recent.remove().getSerializedSize();
        }
    }

    void replaced(MetadataImage next) {
        image = next;
        recent.clear();
        recentBytes = 0;
    }

    void asked(FetchMetadata question, Consumer<PeerMessage> answer, long nowNs) {
        long waitMs = Math.max(0, Math.min(question.getWaitMs(), LONGEST_WAIT_MS));
        waiting.add(new Waiting(question.getAfterIndex(), nowNs + TimeUnit.MILLISECONDS.toNanos(waitMs), answer));
    }

    /** @param leads the voter that leads as far as this one knows; empty: nobody, and somebody else should be asked */
    int doWork(long nowNs, String leads, List<String> votes) {
        boolean changed = !leads.equals(leader);
        leader = leads;
        voters = votes;
        int answered = 0;
        MetadataNews.Builder whole = null;
        for (Iterator<Waiting> all = waiting.iterator(); all.hasNext(); ) {
            Waiting each = all.next();
            if (leads.isEmpty()) {
                each.answer().accept(Answers.failure("this node is no voter, or does not know who leads"));
            } else if (each.after() < image.appliedIndex()) {
                long missing = image.appliedIndex() - each.after();
                if (missing <= recent.size()) {
                    each.answer().accept(message(last((int) missing)));
                } else {
                    whole = whole == null ? news().setSnapshot(MetadataCodec.snapshot(image)) : whole;
                    each.answer().accept(message(whole));
                }
            } else if (changed || nowNs - each.untilNs() >= 0) {
                each.answer().accept(message(news()));
            } else {
                continue;
            }
            all.remove();
            answered++;
        }
        return answered;
    }

    private MetadataNews.Builder last(int count) {
        MetadataNews.Builder news = news();
        recent.stream().skip(recent.size() - count).forEach(news::addCommands);
        return news;
    }

    private MetadataNews.Builder news() {
        return MetadataNews.newBuilder().setLeader(leader).addAllVoters(voters);
    }

    private static PeerMessage message(MetadataNews.Builder news) {
        return PeerMessage.newBuilder().setMetadataNews(news).build();
    }
}
