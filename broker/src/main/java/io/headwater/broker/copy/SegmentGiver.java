package io.headwater.broker.copy;

import io.headwater.broker.copy.SegmentAnswer.Failed;
import io.headwater.broker.copy.SegmentAnswer.Gone;
import io.headwater.broker.copy.SegmentAnswer.Later;
import io.headwater.broker.copy.SegmentAnswer.None;
import io.headwater.broker.copy.SegmentAnswer.Part;
import io.headwater.storage.SegmentPart;
import io.headwater.storage.StorageException;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Gives segments of copies that are here to other brokers. Which one it is, the owner of the partition looks up; its bytes
 * are read elsewhere. Nothing is held for whoever asks: a segment that retention removes is gone for it, which it is told.
 */
public final class SegmentGiver {
    private final SegmentTraffic traffic;
    private final Executor files;
    private final int partBytes;

    public SegmentGiver(SegmentTraffic traffic, Executor files) {
        this(traffic, files, SegmentQuestion.MOST_BYTES);
    }

    SegmentGiver(SegmentTraffic traffic, Executor files, int partBytes) {
        this.traffic = traffic;
        this.files = files;
        this.partBytes = partBytes;
    }

    /** What this broker asks for at once. */
    int partBytes() {
        return partBytes;
    }

    SegmentTraffic traffic() {
        return traffic;
    }

    Executor files() {
        return files;
    }

    /**
     * On the owner's thread.
     *
     * @param back hears the answer exactly once, on some thread, unless this process ends first
     */
    public void answer(CopyLog copy, SegmentQuestion question, long nowMs, Consumer<SegmentAnswer> back) {
        long waitMs = traffic.giving().waitMs(nowMs);
        if (waitMs > 0) {
            back.accept(new Later(waitMs));
            return;
        }
        try {
            SegmentPart part = copy.exchange()
                    .lend(question.baseIndex(), question.checksum(), question.position(), question.maxBytes());
            if (part == null) {
                back.accept(question.baseIndex() < copy.startIndex() ? new Gone() : new None());
                return;
            }
            traffic.giving().used(part.size(), nowMs);
            files.execute(() -> back.accept(read(part)));
        } catch (StorageException e) {
            back.accept(new Failed(String.valueOf(e.getMessage())));
        }
    }

    private SegmentAnswer read(SegmentPart part) {
        try (part) {
            SegmentAnswer answer = new Part(part.manifest(), part.position(), part.read());
            traffic.gave(part.size());
            return answer;
        } catch (IOException e) {
            return new Failed("its bytes cannot be read: " + e.getMessage());
        }
    }
}
