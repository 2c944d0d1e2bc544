package io.headwater.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What the parts of one partition's log share.
 *
 * @param parent the directory of all partitions' directories, shared by all logs
 */
record LogContext(
        long partitionId,
        DirectorySync parent,
        Path directory,
        Disk disk,
        StorageConfig config,
        Marks marks,
        SpareFiles spares) {
    private static final String LOG_SUFFIX = ".log";
    private static final String INDEX_SUFFIX = ".index";
    private static final String REWRITING_SUFFIX = ".rewriting";
    private static final String BEGINNING_SUFFIX = ".beginning";
    private static final String TRUNCATING_SUFFIX = ".truncating";
    private static final String COPYING_SUFFIX = ".copying";
    /** Of the largest long, and one more. */
    private static final int DIGITS = 20;

    Path logPath(long baseIndex) {
        return logPath(directory, baseIndex);
    }

    Path indexPath(long baseIndex) {
        return indexPath(directory, baseIndex);
    }

    /** Of what is to take a segment's place, until it does. */
    Path rewritingPath(long baseIndex) {
        return directory.resolve(digits(baseIndex) + REWRITING_SUFFIX);
    }

    /** The same, of what a truncation has left of it. */
    Path truncatingPath(long baseIndex) {
        return directory.resolve(digits(baseIndex) + TRUNCATING_SUFFIX);
    }

    /** Of the first segment of a log that begins anew, until all others are gone. */
    Path beginningPath(long baseIndex) {
        return directory.resolve(digits(baseIndex) + BEGINNING_SUFFIX);
    }

    /** Of a segment that comes from another copy, until it is whole. */
    Path copyingPath(long baseIndex, long checksum) {
        return directory.resolve(String.format(Locale.ROOT, "%020d.%016x", baseIndex, checksum) + COPYING_SUFFIX);
    }

    static boolean isCopying(String fileName) {
        return fileName.endsWith(COPYING_SUFFIX);
    }

    /** Whether it is on its way to become the segment of this entry. */
    static boolean isCopyingAt(String fileName, long baseIndex) {
        return isCopying(fileName) && fileName.startsWith(digits(baseIndex) + ".");
    }

    static boolean isBeginning(String fileName) {
        return fileName.endsWith(BEGINNING_SUFFIX);
    }

    /** Whether it was to take a segment's place. */
    static boolean isReplacement(String fileName) {
        return fileName.endsWith(REWRITING_SUFFIX) || fileName.endsWith(TRUNCATING_SUFFIX);
    }

    /** Names sort as their indexes do. Not a format: a broker that opens thousands of partitions would feel it. */
    private static String digits(long baseIndex) {
        String digits = Long.toString(baseIndex);
        return "0".repeat(DIGITS - digits.length()) + digits;
    }

    static Path logPath(Path directory, long baseIndex) {
        return directory.resolve(digits(baseIndex) + LOG_SUFFIX);
    }

    static Path indexPath(Path directory, long baseIndex) {
        return directory.resolve(digits(baseIndex) + INDEX_SUFFIX);
    }

    /** A lack that passes, and says nothing about the log's bytes; the JDK tells it by the text of strerror only. */
    static boolean noDescriptorsLeft(IOException e) {
        return String.valueOf(e.getMessage()).contains("Too many open files");
    }

    /** The base index in a segment's file name; -1 for any other name. */
    static long baseIndexOf(String fileName) {
        if (fileName.length() != 20 + LOG_SUFFIX.length() || !fileName.endsWith(LOG_SUFFIX)) {
            return -1;
        }
        long base = 0;
        for (int i = 0; i < 20; i++) {
            int digit = fileName.charAt(i) - '0';
            if (digit < 0 || digit > 9 || base > (Long.MAX_VALUE - digit) / 10) {
                return -1;
            }
            base = base * 10 + digit;
        }
        return base;
    }

    @Override
    public String toString() {
        return "partition " + partitionId;
    }
}
