package io.headwater.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The views in RocksDB, opened by the first call that needs them. One caller at a time: the views are written in batches
 * and read at leisure. The methods are synchronized because a use after close would end the process, not the call.
 */
final class RocksDbViews implements ViewStore {
    private static final Logger LOG = LoggerFactory.getLogger(RocksDbViews.class);
    private static final byte[] ABSENT = new byte[0];

    private final Path directory;
    private @Nullable RocksDbHandle handle;
    private boolean closed;

    RocksDbViews(Path directory) {
        this.directory = directory;
    }

    @Override
    public synchronized void warmUp() throws IOException {
        handle();
    }

    @Override
    public synchronized long stamp(View view, long partitionId) throws IOException {
        RocksDbHandle open = handle();
        try {
            byte[] value = open.db().get(open.stamps(), view.stampKey(partitionId));
            return value == null ? -1 : ByteBuffer.wrap(value).getLong();
        } catch (RocksDBException e) {
            throw failed(e);
        }
    }

    @Override
    public synchronized byte[] get(View view, byte[] key) throws IOException {
        RocksDbHandle open = handle();
        try {
            byte[] value = open.db().get(open.family(view), key);
            return value == null ? ABSENT : value;
        } catch (RocksDBException e) {
            throw failed(e);
        }
    }

    @Override
    public synchronized void apply(ViewBatch batch) throws IOException {
        RocksDbHandle open = handle();
        try (WriteBatch writes = new WriteBatch()) {
            for (ViewBatch.Change change : batch.changes()) {
                if (change.value == null) {
                    writes.delete(open.family(change.view), change.key);
                } else {
                    writes.put(open.family(change.view), change.key, change.value);
                }
            }
            for (ViewBatch.Stamp stamp : batch.stamps()) {
                byte[] value = ByteBuffer.allocate(Long.BYTES)
                        .putLong(stamp.entryIndex())
                        .array();
                writes.put(open.stamps(), stamp.view().stampKey(stamp.partitionId()), value);
            }
            open.write(writes);
        } catch (RocksDBException e) {
            throw failed(e);
        }
    }

    @Override
    public synchronized void scan(View view, byte[] prefix, Visitor visitor) throws IOException {
        RocksDbHandle open = handle();
        try (RocksIterator iterator = open.db().newIterator(open.family(view))) {
            boolean more = true;
            for (iterator.seek(prefix); more && iterator.isValid(); iterator.next()) {
                byte[] key = iterator.key();
                more = startsWith(key, prefix) && visitor.visit(key, iterator.value());
            }
            iterator.status();
        } catch (RocksDBException e) {
            throw failed(e);
        }
    }

    private static boolean startsWith(byte[] key, byte[] prefix) {
        return key.length >= prefix.length && java.util.Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
    }

    @Override
    public synchronized void close() {
        closed = true;
        release();
    }

    private void release() {
        if (handle != null) {
            handle.close();
            handle = null;
        }
    }

    private RocksDbHandle handle() throws IOException {
        if (closed) {
            throw new IOException("views " + directory + ": closed");
        }
        RocksDbHandle open = handle;
        if (open == null) {
            open = open();
            handle = open;
        }
        return open;
    }

    private RocksDbHandle open() throws IOException {
        RocksDbLibrary.load(directory.resolveSibling(directory.getFileName() + ".native"));
        Files.createDirectories(directory);
        try {
            return RocksDbHandle.open(directory);
        } catch (RocksDBException e) {
            if (isLocked(e) || isFull(e)) {
                throw failed(e);
            }
            setAside(e);
        }
        try {
            return RocksDbHandle.open(directory);
        } catch (RocksDBException e) {
            throw new IOException("views " + directory + ": cannot be created: " + e.getMessage(), e);
        }
    }

    /** Moves a damaged store out of the way, in the place of an earlier one, for whoever wants to look into it. */
    private void setAside(RocksDBException cause) throws IOException {
        Path aside = directory.resolveSibling(directory.getFileName() + ".damaged");
        LOG.warn(
                "views {}: damaged, set aside as {} and built anew: {}",
                directory,
                aside.getFileName(),
                cause.getMessage());
        RocksDbLibrary.deleteTree(aside);
        Files.move(directory, aside);
        Files.createDirectories(directory);
    }

    /** Gives a failure its type. RocksDB may refuse every later write after one failed, so the next call reopens. */
    private IOException failed(RocksDBException e) throws IOException {
        release();
        String message = "views " + directory + ": " + e.getMessage();
        if (isFull(e)) {
            return new DiskFullException(message, e);
        }
        Status status = e.getStatus();
        if (status != null && status.getCode() == Status.Code.Corruption) {
            setAside(e);
            return new ViewsLostException(message, e);
        }
        return new IOException(message, e);
    }

    private static boolean isFull(RocksDBException e) {
        Status status = e.getStatus();
        return status != null && status.getSubCode() == Status.SubCode.NoSpace;
    }

    private static boolean isLocked(RocksDBException e) {
        Status status = e.getStatus();
        String message = String.valueOf(e.getMessage());
        return status != null && status.getCode() == Status.Code.IOError && message.contains("LOCK");
    }
}
