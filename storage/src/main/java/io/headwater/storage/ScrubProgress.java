package io.headwater.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far scrubbing has come, in a small file, so that restarts do not begin it anew. Nothing rests on it: it is written
 * over in place and never synced, and one that is missing or bad means a round from the beginning.
 *
 * <pre>
 *  0              8              16             24           32         40         48          56            64
 *  +--------------+--------------+--------------+------------+----------+----------+-----------+-------------+---------+
 *  | magic        | round began, | round ended, | partition, | segment, | position | index of  | its offset, | crc u32 |
 *  | "HWSCRUB1"   | ms           | ms; 0: none  | -1: done   | its base | in it    | the entry | i64         |         |
 *  +--------------+--------------+--------------+------------+----------+----------+-----------+-------------+---------+
 * </pre>
 */
final class ScrubProgress {
    static final String FILE_NAME = "scrub";
    /** Of the partition: no round is under way. */
    static final long NONE = -1;

    private static final Logger LOG = LoggerFactory.getLogger(ScrubProgress.class);
    private static final long MAGIC = 0x4857534352554231L;
    private static final int CRC_AT = 64;
    private static final int SIZE = CRC_AT + Integer.BYTES;

    private final Disk disk;
    private final Path path;

    /** When the present round began, or the last one did if none is under way; 0: there was none. */
    long roundBeganMs;
    /** When the last whole round ended; 0: there was none. */
    long roundEndedMs;

    /** Where to go on: the partition, its segment, the first byte that is not read yet, and the entry that begins there. */
    long partitionId = NONE;

    long baseIndex;
    /** 0: at the segment's header. */
    long position;

    long entryIndex;
    long offset;

    ScrubProgress(Disk disk, Path dataDirectory) {
        this.disk = disk;
        this.path = dataDirectory.resolve(FILE_NAME);
    }

    boolean isUnderWay() {
        return partitionId != NONE;
    }

    /** At the beginning of a segment. */
    void at(long partition, long base) {
        partitionId = partition;
        baseIndex = base;
        position = 0;
        entryIndex = 0;
        offset = 0;
    }

    void load() {
        ByteBuffer bytes = ByteBuffer.allocate(SIZE);
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            file.readFully(bytes, 0);
        } catch (NoSuchFileException none) {
            return;
        } catch (IOException e) {
            LOG.info("scrub: how far it was cannot be read, it begins anew: {}", e.toString());
            return;
        }
        if (bytes.getLong(0) != MAGIC || bytes.getInt(CRC_AT) != crc(bytes)) {
            LOG.info("scrub: {} is not whole, it begins anew", path);
            return;
        }
        roundBeganMs = bytes.getLong(8);
        roundEndedMs = bytes.getLong(16);
        partitionId = bytes.getLong(24);
        baseIndex = bytes.getLong(32);
        position = bytes.getLong(40);
        entryIndex = bytes.getLong(48);
        offset = bytes.getLong(56);
    }

    void save() {
        ByteBuffer bytes = ByteBuffer.allocate(SIZE);
        bytes.putLong(MAGIC).putLong(roundBeganMs).putLong(roundEndedMs).putLong(partitionId);
        bytes.putLong(baseIndex).putLong(position).putLong(entryIndex).putLong(offset);
        bytes.putInt(CRC_AT, crc(bytes));
        try (DiskFile file = disk.open(path, disk.exists(path) ? Disk.Mode.READ_WRITE : Disk.Mode.CREATE_NEW)) {
            file.write(bytes.clear(), 0);
        } catch (IOException e) {
            LOG.debug("scrub: how far it is cannot be written: {}", e.toString());
        }
    }

    private static int crc(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate().position(0).limit(CRC_AT));
        return (int) crc.getValue();
    }
}
