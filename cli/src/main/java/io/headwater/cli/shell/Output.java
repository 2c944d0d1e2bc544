package io.headwater.cli.shell;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Standard output, buffered. A reader that went away ({@code headwater consume t | head}) is not an error: the first
 * write after that throws {@link ClosedPipe}, which ends the command quietly. Not thread-safe.
 */
public final class Output extends OutputStream {
    private static final int BUFFER_BYTES = 64 * 1024;
    private final OutputStream target;

    public Output(OutputStream target) {
        this.target = new BufferedOutputStream(target, BUFFER_BYTES);
    }

    @Override
    public void write(int b) {
        try {
            target.write(b);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** Borrows the bytes. */
    @Override
    public void write(byte[] bytes, int from, int length) {
        try {
            target.write(bytes, from, length);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public void write(byte[] bytes) {
        write(bytes, 0, bytes.length);
    }

    public void line(String text) {
        write((text + "\n").getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void flush() {
        try {
            target.flush();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private static RuntimeException failure(IOException e) {
        String message = String.valueOf(e.getMessage());
        // The JDK has no type of its own for EPIPE; these are the texts of Linux and of a java.io pipe.
        if (message.contains("Broken pipe")
                || message.contains("Pipe closed")
                || message.contains("Connection reset")) {
            return new ClosedPipe();
        }
        return CommandFailure.failed("standard output: " + message);
    }

    /** Whoever read our output has gone. */
    public static final class ClosedPipe extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ClosedPipe() {
            super("standard output is closed", null, false, false);
        }
    }
}
