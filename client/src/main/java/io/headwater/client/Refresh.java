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
    /** Who has not helped after this is not asked again, if there is another. */
    private static final long ANOTHER_NS = 150_000_000;
    /** What is wanted so long after the last one has nothing to do with it. */
    private static final long AFRESH_NS = 1_000_000_000;

    private final Cluster cluster;
    private final Picture picture;
    private final Set<String> wanted = new LinkedHashSet<>();
    private boolean wantsAll;
    private boolean running;
    /** Of this one; null: the next attempt is only due. */
    private @Nullable Session asked;

    /** Since somebody helped. */
    private int inVain;
    /** When they began. */
    private long beganNs;

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
            long waitNs = notBeforeNs - cluster.loop().nowNs();
            if (waitNs < -AFRESH_NS) {
                inVain = 0;
            }
            cluster.loop().schedule(Math.max(0, waitNs), this::ask);
        }
    }

    /** Somebody else leads something than before. */
    void helped() {
        inVain = 0;
    }

    private void ask() {
        long nowNs = cluster.loop().nowNs();
        // The one that helped is counted, too.
        if (inVain <= 1) {
            beganNs = nowNs;
        } else if (nowNs - beganNs >= ANOTHER_NS && picture.isCluster()) {
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
