package io.headwater.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many bytes the logs hold that nobody has opened since the start: an open log knows its own size. Each is measured
 * once, in the background, as nothing changes it until it is opened. Thread-safe.
 */
final class UnopenedLogs {
    private static final Logger LOG = LoggerFactory.getLogger(UnopenedLogs.class);

    private final Disk disk;
    private final Path parent;
    private final Marks marks;
    private final Map<Long, Long> sizes = new HashMap<>();
    /** Ids are never given twice, so what is here stays. */
    private final Set<Long> gone = new HashSet<>();

    private long total;
    private volatile boolean stopped;

    /** @param parent of the partitions' directories */
    UnopenedLogs(Disk disk, Path parent, Marks marks) {
        this.disk = disk;
        this.parent = parent;
        this.marks = marks;
    }

    /** Measures them all. */
    void measure() {
        Mark mark = new Mark();
        for (long partitionId : marks.partitionIds()) {
            if (stopped) {
                return;
            }
            if (marks.load(partitionId, mark)) {
                measured(partitionId, sizeOf(mark));
            }
        }
    }

    /** As far as measuring has come. */
    synchronized long bytes() {
        return total;
    }

    /** It was opened, or deleted: it counts no more. */
    synchronized void forget(long partitionId) {
        gone.add(partitionId);
        Long size = sizes.remove(partitionId);
        total -= size == null ? 0 : size;
    }

    /** Measuring ends soon. */
    void stop() {
        stopped = true;
    }

    private synchronized void measured(long partitionId, long size) {
        if (!gone.contains(partitionId) && sizes.put(partitionId, size) == null) {
            total += size;
        }
    }

    /** Without what is preallocated in the last segment: the mark knows where its content ends. */
    private long sizeOf(Mark mark) {
        Path directory = parent.resolve(Long.toString(mark.partitionId));
        long size = mark.durable.position;
        try {
            if (mark.durable.segmentBaseIndex == 0) {
                return size;
            }
            for (String name : disk.list(directory)) {
                long base = LogContext.baseIndexOf(name);
                if (base >= 0 && base < mark.durable.segmentBaseIndex) {
                    try (DiskFile file = disk.open(directory.resolve(name), Disk.Mode.READ)) {
                        size += file.size();
                    }
                }
            }
        } catch (IOException e) {
            // Deleted meanwhile, most likely. Whoever opens the log will say what is wrong with it.
            LOG.debug("{}: cannot be measured: {}", directory, e.toString());
        }
        return size;
    }
}
