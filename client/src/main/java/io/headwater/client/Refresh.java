package io.headwater.client;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.GetTopics;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Asks who leads the partitions of some topics: one request at a time, and more rarely while that does not help. */
final class Refresh {
    private final Cluster cluster;
    private final Picture picture;
    private final Set<String> wanted = new LinkedHashSet<>();
    private boolean wantsAll;
    private boolean running;
    /** Of this one; null: the next attempt is only due. */
    private @Nullable Session asked;

    private int inVain;
    private long notBeforeNs;

    Refresh(Cluster cluster, Picture picture) {
        this.cluster = cluster;
        this.picture = picture;
    }

    /** @param topic null: not known, so all of them */
    void want(@Nullable String topic) {
        if (topic == null) {
            wantsAll = true;
        } else {
            wanted.add(topic);
        }
        if (asked != null && asked.isSilent()) {
            done(asked);
        }
        if (!running) {
            running = true;
            cluster.loop().schedule(Math.max(0, notBeforeNs - cluster.loop().nowNs()), this::ask);
        }
    }

    /** Somebody else leads something than before. */
    void helped() {
        inVain = 0;
    }

    private void ask() {
        if (inVain > 3 && picture.isCluster()) {
            cluster.askAnother();
        }
        Session session = cluster.any();
        if (session == null) {
            // Who is in need says so again.
            done(null);
            return;
        }
        GetTopics.Builder request = GetTopics.newBuilder();
        if (!wantsAll) {
            request.addAllNames(wanted);
        }
        wantsAll = false;
        wanted.clear();
        asked = session;
        session.sendOnce(FrameType.GET_TOPICS, request.build(), List.of(), new ReplyHandler() {
            @Override
            public void replied(MessageLite reply) {
                done(session);
            }

            @Override
            public void failed(HeadwaterException why) {
                // Perhaps one of them is not there any more.
                wantsAll |= why instanceof HeadwaterException.Rejected;
                done(session);
            }
        });
        session.flush();
    }

    /** Nothing where it was given up on whoever was asked, and another one is. */
    private void done(@Nullable Session by) {
        if (by != asked) {
            return;
        }
        asked = null;
        running = false;
        notBeforeNs = cluster.loop().nowNs() + Detour.delayNs(inVain);
        inVain++;
    }
}
