package io.headwater.cli.produce;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream of bytes into lines, without looking at characters: what stands between two newlines comes out as it
 * went in. The last line needs no newline. Not thread-safe.
 */
final class LineReader {
    private static final int START_BYTES = 256 * 1024;

    private final InputStream in;
    private final int maxLineBytes;
    private byte[] buffer = new byte[START_BYTES];
    private int position;
    private int limit;
    private int searched;
    private boolean ended;
    private long lines;

    /** Borrows the stream. */
    LineReader(InputStream in, int maxLineBytes) {
        this.in = in;
        this.maxLineBytes = maxLineBytes;
    }

    /** A whole line is there: {@link #next} will not wait. */
    boolean hasLine() {
        for (; searched < limit; searched++) {
            if (buffer[searched] == '\n') {
                return true;
            }
        }
        return ended;
    }

    /** The next line without its newline, or null at the end. Waits for input. */
    byte @Nullable [] next() throws IOException, BadLineException {
        while (!hasLine()) {
            fill();
        }
        if (position == limit) {
            return null;
        }
        byte[] line = Arrays.copyOfRange(buffer, position, searched);
        searched = Math.min(searched + 1, limit);
        position = searched;
        lines++;
        return line;
    }

    /** The number of the line that {@link #next} was last concerned with, counted from 1. */
    long lineNumber() {
        return lines;
    }

    private void fill() throws IOException, BadLineException {
        if (position > 0) {
            System.arraycopy(buffer, position, buffer, 0, limit - position);
            searched -= position;
            limit -= position;
            position = 0;
        }
        if (limit == buffer.length) {
            if (limit >= maxLineBytes) {
                lines++;
                throw new BadLineException("is longer than " + maxLineBytes + " bytes, the largest record there is");
            }
            buffer = Arrays.copyOf(buffer, Math.min(maxLineBytes, buffer.length * 2));
        }
        int read = in.read(buffer, limit, buffer.length - limit);
        if (read < 0) {
            ended = true;
        } else {
            limit += read;
        }
    }
}
