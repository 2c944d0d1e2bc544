package io.headwater.storage;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * A file of the real file system. Never used by a thread that may be interrupted: an interrupt closes a
 * {@link FileChannel} under everyone who uses it.
 */
final class ChannelFile implements DiskFile {
    private final Path path;
    private final FileChannel channel;

    ChannelFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    @Override
    public long size() throws IOException {
        return channel.size();
    }

    @Override
    public int read(ByteBuffer dst, long position) throws IOException {
        return channel.read(dst, position);
    }

    @Override
    public void readFully(ByteBuffer dst, long position) throws IOException {
        long at = position;
        while (dst.hasRemaining()) {
            int read = channel.read(dst, at);
            if (read < 0) {
                throw new EOFException(path + ": ends at " + at + ", " + dst.remaining() + " more bytes expected");
            }
            at += read;
        }
    }

    @Override
    public void write(ByteBuffer src, long position) throws IOException {
        long at = position;
        try {
            while (src.hasRemaining()) {
                at += channel.write(src, at);
            }
        } catch (IOException e) {
            throw FileSystemDisk.typed(e, path);
        }
    }

    @Override
    public void write(ByteBuffer[] srcs, int count, long position) throws IOException {
        if (count == 1) {
            write(srcs[0], position);
            return;
        }
        try {
            // There is no gathering write at a position in the JDK; a file has one writer, so its position is ours.
            channel.position(position);
            int from = 0;
            while (from < count) {
                if (srcs[from].hasRemaining()) {
                    channel.write(srcs, from, count - from);
                } else {
                    from++;
                }
            }
        } catch (IOException e) {
            throw FileSystemDisk.typed(e, path);
        }
    }

    @Override
    public void sync() throws IOException {
        try {
            channel.force(false);
        } catch (IOException e) {
            throw FileSystemDisk.typed(e, path);
        }
    }

    @Override
    public void truncate(long size) throws IOException {
        channel.truncate(size);
    }

    @Override
    public FileChannel channel() {
        return channel;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
