package io.headwater.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives up what a log holds from a damaged place on, where other copies of it have that. The durable mark moves back to the
 * beginning of the damaged segment, or of the newest one before it whose header is whole; then the log is opened as after a
 * crash: it keeps what is whole from there on, and cuts the rest ({@link LogRecovery}). If there is no such segment, nothing
 * is left of it.
 *
 * <p>The marks say in the same step that the copy may lack what it has acknowledged, and how far the log went, where it was open. A
 * crash leaves the damaged log, or this.
 */
final class LogForfeit {
    private static final Logger LOG = LoggerFactory.getLogger(LogForfeit.class);

    private LogForfeit() {}

    /**
     * Nobody uses the log or its files.
     *
     * @param closed the log as it was when the damage was found; null: it could not be opened
     */
    static void run(LogContext context, CorruptLogException damage, @Nullable PartitionLog closed) throws IOException {
        long hadEndIndex = closed == null ? 0 : closed.endIndex();
        int hadEpoch = closed == null ? 0 : closed.lastEpoch();
        List<Long> bases = new ArrayList<>();
        if (context.disk().exists(context.directory())) {
            for (String name : context.disk().list(context.directory())) {
                long base = LogContext.baseIndexOf(name);
                if (base >= 0) {
                    bases.add(base);
                }
            }
        }
        long damaged = LogContext.baseIndexOf(String.valueOf(damage.file().getFileName()));
        for (int i = bases.size() - 1; i >= 0; i--) {
            SegmentHeader header = bases.get(i) > damaged ? null : header(context, bases.get(i));
            if (header != null) {
                LOG.warn(
                        "{}: what it holds from entry {} on is given up, as far as it is not whole",
                        context,
                        bases.get(i));
                context.marks().forfeit(context.partitionId(), LogBeginning.endOf(header), hadEndIndex, hadEpoch);
                return;
            }
        }
        LOG.warn("{}: all that it holds is given up", context);
        context.marks().forfeit(context.partitionId(), new SyncPoint(), hadEndIndex, hadEpoch);
        // From the end on: what a crash leaves is given up once more.
        for (int i = bases.size() - 1; i >= 0; i--) {
            IndexFile.delete(context, bases.get(i));
            context.disk().delete(context.logPath(bases.get(i)));
        }
        if (!bases.isEmpty()) {
            context.disk().syncDirectory(context.directory());
        }
    }

    /** Null: it is not whole, or cannot be read, which is not for a lack that passes. */
    private static @Nullable SegmentHeader header(LogContext context, long base) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(SegmentHeader.SIZE);
        try (DiskFile file = context.disk().open(context.logPath(base), Disk.Mode.READ)) {
            file.readFully(bytes, 0);
        } catch (IOException unreadable) {
            if (LogContext.noDescriptorsLeft(unreadable)) {
                throw unreadable;
            }
            return null;
        }
        SegmentHeader header = SegmentHeader.decode(bytes.flip());
        return header != null && header.partitionId() == context.partitionId() && header.baseIndex() == base
                ? header
                : null;
    }
}
