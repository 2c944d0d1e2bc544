package io.headwater.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.RocksDB;

/**
 * Loads RocksDB's native library. Left to itself it unpacks 17 MB into the temporary directory at each start and leaves
 * them there when the process is killed; a temporary directory may also forbid execution. So it is unpacked beside the
 * views and unlinked as soon as it is loaded.
 */
final class RocksDbLibrary {
    private static boolean loaded;

    private RocksDbLibrary() {}

    static synchronized void load(Path scratch) throws IOException {
        if (loaded) {
            return;
        }
        Files.createDirectories(scratch);
        try {
            NativeLibraryLoader.getInstance().loadLibrary(scratch.toString());
            RocksDB.loadLibrary();
            loaded = true;
        } catch (UnsatisfiedLinkError | RuntimeException e) {
            throw new IOException("views: the native library of RocksDB cannot be loaded: " + e.getMessage(), e);
        } finally {
            deleteTree(scratch);
        }
    }

    /** Deletes a directory and everything in it; quiet if there is none. */
    static void deleteTree(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
