package io.headwater.broker.consensus;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.thirdparty.com.google.protobuf.CodedInputStream;
import org.apache.ratis.util.MD5FileUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a voter's log, as a power cut may leave it: Ratis writes entries over zeros, so a part of the last ones may be there and
 * another part not, which it takes for damage. Only an operator's recovery cuts that off: a voter that starts by itself cannot tell it
 * from an entry that it has agreed to and that has rotted since.
 */
final class TornTail {
    private static final Logger LOG = LoggerFactory.getLogger(TornTail.class);

    private static final byte[] HEADER = "RaftLog1".getBytes(US_ASCII);
    private static final int VARINT_BYTES = 5;
    /** Ratis's directory for them, beside its log's. */
    private static final String SNAPSHOTS = "sm";

    private TornTail() {}

    /**
     * Writes zeros from the first entry of the open segment on that is not whole, and removes a log that then ends before its
     * snapshot does. Ratis 3.3.0 frames an entry as its length (a
     * varint), its bytes, and the CRC-32C of both; a zero ends the log.
     *
     * @param current where Ratis keeps the log, of a voter that does not run
     */
    static void cut(Path current) throws IOException {
        Optional<Path> open = listed(current).stream()
                .filter(each -> fileName(each).matches("log_inprogress_\\d+"))
                .findAny();
        if (open.isEmpty()) {
            return;
        }
        Path segment = open.get();
        byte[] bytes = Files.readAllBytes(segment);
        if (!startsWithHeader(bytes)) {
            return; // Ratis says what it is
        }
        int end = endOfWhole(bytes);
        if (isZero(bytes, end)) {
            return;
        }
        zeroFrom(segment, bytes, end);
        removeWhatASnapshotHas(current, lastIndexBefore(bytes, end));
    }

    private static void zeroFrom(Path segment, byte[] bytes, int end) throws IOException {
        LOG.warn(
                "{}: cut at byte {}: a power cut left part of an unsynced write there, or what was there has rotted",
                segment,
                end);
        ByteBuffer zeros = ByteBuffer.allocate(bytes.length - end);
        try (FileChannel out = FileChannel.open(segment, WRITE)) {
            while (zeros.hasRemaining()) {
                out.write(zeros, end + zeros.position());
            }
            out.force(false);
        }
    }

    /** Ratis 3.3.0 cannot go on with a log that ends before its snapshot does, only with none. */
    private static void removeWhatASnapshotHas(Path current, long last) throws IOException {
        Path newest = null;
        long newestIndex = last;
        for (Path each : listed(current.resolveSibling(SNAPSHOTS))) {
            Matcher snapshot = SimpleStateMachineStorage.SNAPSHOT_REGEX.matcher(fileName(each));
            if (snapshot.matches() && Long.parseLong(snapshot.group(2)) > newestIndex) {
                newest = each;
                newestIndex = Long.parseLong(snapshot.group(2));
            }
        }
        if (newest == null) {
            return;
        }
        MD5FileUtil.verifySavedMD5(newest.toFile(), MD5FileUtil.computeMd5ForFile(newest.toFile()));
        LOG.warn("{}: the log ends at {} now; it is removed, as this snapshot has all of it", newest, last);
        for (Path each : listed(current)) {
            if (fileName(each).startsWith("log_")) {
                Files.delete(each);
            }
        }
    }

    private static List<Path> listed(Path directory) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.toList();
        }
    }

    private static String fileName(Path path) {
        return String.valueOf(path.getFileName());
    }

    private static boolean startsWithHeader(byte[] bytes) {
        return bytes.length >= HEADER.length && Arrays.equals(bytes, 0, HEADER.length, HEADER, 0, HEADER.length);
    }

    static int endOfWhole(byte[] bytes) {
        int at = HEADER.length;
        while (at < bytes.length && bytes[at] != 0) {
            int next = endOfEntry(bytes, at);
            if (next < 0) {
                break;
            }
            at = next;
        }
        return at;
    }

    /** Its index; -1: the segment holds none before there. */
    private static long lastIndexBefore(byte[] bytes, int end) throws IOException {
        long last = -1;
        CodedInputStream entries = CodedInputStream.newInstance(bytes, HEADER.length, end - HEADER.length);
        while (!entries.isAtEnd()) {
            last = LogEntryProto.parseFrom(entries.readByteArray()).getIndex();
            entries.skipRawBytes(Integer.BYTES);
        }
        return last;
    }

    /** Negative: it is not whole. */
    private static int endOfEntry(byte[] bytes, int at) {
        long length = 0;
        int from = at;
        for (int i = 0; i < VARINT_BYTES; i++) {
            if (from == bytes.length) {
                return -1;
            }
            byte next = bytes[from++];
            length |= (long) (next & 0x7f) << (7 * i);
            if (next >= 0) {
                break;
            }
        }
        long end = from + length;
        if (end + Integer.BYTES > bytes.length) {
            return -1;
        }
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, at, (int) end - at);
        boolean isWhole = ByteBuffer.wrap(bytes).getInt((int) end) == (int) checksum.getValue();
        return isWhole ? (int) end + Integer.BYTES : -1;
    }

    private static boolean isZero(byte[] bytes, int from) {
        for (int at = from; at < bytes.length; at++) {
            if (bytes[at] != 0) {
                return false;
            }
        }
        return true;
    }
}
