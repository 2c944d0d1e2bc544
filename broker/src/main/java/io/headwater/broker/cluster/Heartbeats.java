package io.headwater.broker.cluster;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.peer.wire.Heartbeat;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.peer.wire.PictureMark;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Tells the controller's node, again and again, that this one lives. */
final class Heartbeats {
    private final Member member;
    private final PictureMarks marks;
    private final long everyNs;
    private long dueNs;
    private int told;

    Heartbeats(Member member, PictureMarks marks, long nowNs) {
        this.member = member;
        this.marks = marks;
        this.everyNs = TimeUnit.MILLISECONDS.toNanos(member.settings().timing().heartbeatMs());
        this.dueNs = nowNs;
    }

    /** @param controller 0: nobody to tell */
    int doWork(long nowNs, MetadataImage image, int controller) {
        // A new controller fences those that it does not hear of soon.
        boolean isNew = controller != 0 && controller != told;
        if (nowNs - dueNs < 0 && !isNew) {
            return 0;
        }
        told = controller;
        dueNs = nowNs + everyNs;
        NodeInfo me = member.registered(image);
        if (me == null || controller == 0) {
            return 0;
        }
        Heartbeat.Builder heartbeat = Heartbeat.newBuilder()
                .setNodeId(me.nodeId())
                .setIncarnation(me.incarnation())
                .setAppliedIndex(image.appliedIndex());
        PictureMark picture = marks.newest();
        if (picture != null) {
            heartbeat.setPicture(picture);
        }
        member.ports()
                .peers()
                .send(
                        controller,
                        PeerMessage.newBuilder().setHeartbeat(heartbeat).build(),
                        List.of());
        return 1;
    }

    long everyNs() {
        return everyNs;
    }

    long nextInNs(long nowNs) {
        return Math.max(0, dueNs - nowNs);
    }
}
