package io.headwater.cli.queue;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Passes bytes on as whole lines, so that what several processes print does not end up inside each other's lines. A line
 * longer than the buffer is passed on in parts. Not thread-safe.
 */
final class LineBuffer {
    private static final int BYTES = 16 * 1024;

    private final Sink sink;
    private final byte[] buffer = new byte[BYTES];
    private int size;

    LineBuffer(Sink sink) {
        this.sink = sink;
    }

    /** False at the end of the stream. */
    boolean fill(InputStream from) throws IOException {
        int read = from.read(buffer, size, buffer.length - size);
        size += Math.max(0, read);
        return read >= 0;
    }

    void drainLines() {
        int end = size;
        while (end > 0 && buffer[end - 1] != '\n') {
            end--;
        }
        drain(end == 0 && size == buffer.length ? size : end);
    }

    void drainAll() {
        drain(size);
    }

    private void drain(int bytes) {
        if (bytes > 0) {
            sink.write(Arrays.copyOf(buffer, bytes));
            System.arraycopy(buffer, bytes, buffer, 0, size - bytes);
            size -= bytes;
        }
    }

    /** Takes whole lines. */
    @FunctionalInterface
    interface Sink {
        void write(byte[] lines);
    }
}
