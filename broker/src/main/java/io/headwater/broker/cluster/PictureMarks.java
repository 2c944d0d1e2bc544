package io.headwater.broker.cluster;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.MetadataQuorum;
import io.headwater.broker.metadata.PictureDigest;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.peer.wire.PictureMark;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Digests of this broker's picture of the metadata: at each 64th index, which all brokers pass, and where it rests. At most one
 * is being made, away from the owner's thread; an index that comes meanwhile is passed over. On the owner's thread.
 */
final class PictureMarks implements MetadataQuorum.Listener {
    static final int EVERY = 64;

    private static final int KEPT = 64;
    private static final long REST_NS = TimeUnit.SECONDS.toNanos(1);

    private final Executor work;
    private final Executor owner;
    /** Newest last. */
    private final Deque<PictureMark> marks = new ArrayDeque<>();

    private @Nullable MetadataImage seen;
    private long seenNs;
    private boolean busy;

    /**
     * @param work where digests are made
     * @param owner runs on the owner's thread
     */
    PictureMarks(Executor work, Executor owner) {
        this.work = work;
        this.owner = owner;
    }

    @Override
    public void applied(MetadataImage image, Command command) {
        replaced(image);
    }

    @Override
    public void replaced(MetadataImage image) {
        if (image.appliedIndex() % EVERY == 0) {
            take(image);
        }
    }

    void doWork(long nowNs, MetadataImage image) {
        if (seen != image) {
            seen = image;
            seenNs = nowNs;
        } else if (nowNs - seenNs >= REST_NS && digest(image.appliedIndex()) == null) {
            take(image);
        }
    }

    private void take(MetadataImage image) {
        if (busy) {
            return;
        }
        busy = true;
        work.execute(() -> {
            PictureMark.Builder mark =
                    PictureMark.newBuilder().setIndex(image.appliedIndex()).setFormat(PictureDigest.FORMAT);
            try {
                mark.setDigest(PictureDigest.of(image));
                owner.execute(() -> keep(mark.build()));
            } finally {
                owner.execute(() -> busy = false);
            }
        });
    }

    private void keep(PictureMark mark) {
        marks.add(mark);
        if (marks.size() > KEPT) {
            marks.remove();
        }
    }

    /** Null: there is none yet. */
    @Nullable
    PictureMark newest() {
        return marks.peekLast();
    }

    /** Null: none was made there, or it is too long ago. */
    @Nullable
    Long digest(long index) {
        for (PictureMark mark : marks) {
            if (mark.getIndex() == index) {
                return mark.getDigest();
            }
        }
        return null;
    }
}
