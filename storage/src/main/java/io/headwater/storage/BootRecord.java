package io.headwater.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the machine was down since a data directory was last used: the file {@code boot} holds the id of the boot under
 * which it was ({@link Disk#bootId}). What a process has written survives it, but not its machine; so with another id, the
 * copies that were {@link ReplicaFlag#UNSYNCED} may have lost their tails. Where there is no such id, any start may follow upon that.
 */
final class BootRecord {
    private static final Logger LOG = LoggerFactory.getLogger(BootRecord.class);

    private static final String FILE_NAME = "boot";
    private static final String NEXT = "boot.new";
    private static final int MOST_BYTES = 256;

    private BootRecord() {}

    /** Before any log is opened. A crash on the way: the next start looks again. */
    static void look(Disk disk, Path directory, Marks marks) throws IOException {
        String now = disk.bootId();
        if (!now.isEmpty() && now.equals(last(disk, directory.resolve(FILE_NAME)))) {
            return;
        }
        int lost = marks.lostPower();
        if (lost > 0) {
            LOG.warn(
                    "data directory {}: the machine was down, or may have been: {} partitions may lack what was"
                            + " acknowledged last, and was not synced",
                    directory,
                    lost);
        }
        if (!now.isEmpty()) {
            write(disk, directory, now);
        }
    }

    /** Empty: not known. */
    private static String last(Disk disk, Path file) throws IOException {
        if (!disk.exists(file)) {
            return "";
        }
        try (DiskFile record = disk.open(file, Disk.Mode.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(MOST_BYTES, record.size()));
            record.readFully(bytes, 0);
            return StandardCharsets.UTF_8.decode(bytes.flip()).toString();
        }
    }

    private static void write(Disk disk, Path directory, String id) throws IOException {
        Path next = directory.resolve(NEXT);
        try {
            if (disk.exists(next)) {
                disk.delete(next);
            }
            try (DiskFile record = disk.open(next, Disk.Mode.CREATE_NEW)) {
                record.write(ByteBuffer.wrap(id.getBytes(StandardCharsets.UTF_8)), 0);
                record.sync();
            }
            disk.rename(next, directory.resolve(FILE_NAME));
            disk.syncDirectory(directory);
        } catch (DiskFullException e) {
            // The next start takes the machine for having been down once more, which is safe.
            LOG.warn("data directory {}: no room to remember this boot: {}", directory, e.getMessage());
        }
    }
}
