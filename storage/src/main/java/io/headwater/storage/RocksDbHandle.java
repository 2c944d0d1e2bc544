package io.headwater.storage;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * An open database and the native objects that belong to it, released together. Sized for a broker that should be small
 * when it idles: a few MiB in all.
 */
final class RocksDbHandle implements AutoCloseable {
    private static final long KIB = 1024;
    private static final long BLOCK_CACHE_BYTES = 2 * 1024 * KIB;
    private static final long WRITE_BUFFER_BYTES = 1024 * KIB;
    private static final byte[] FORMAT_KEY = {0};
    private static final byte[] FORMAT = {1};

    private final List<AutoCloseable> owned = new ArrayList<>();
    private final Map<View, ColumnFamilyHandle> families = new EnumMap<>(View.class);
    private final RocksDB db;
    private final ColumnFamilyHandle stamps;
    private final WriteOptions writeOptions;

    private RocksDbHandle(Path directory) throws RocksDBException {
        boolean opened = false;
        try {
            ColumnFamilyOptions familyOptions = familyOptions();
            DBOptions options = databaseOptions();
            List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
            for (String name : familyNames(directory)) {
                descriptors.add(new ColumnFamilyDescriptor(name.getBytes(StandardCharsets.UTF_8), familyOptions));
            }
            List<ColumnFamilyHandle> handles = new ArrayList<>();
            db = own(RocksDB.open(options, directory.toString(), descriptors, handles));
            owned.addAll(handles);
            stamps = handles.get(0);
            for (View view : View.values()) {
                families.put(view, named(view.family(), handles));
            }
            writeOptions = own(new WriteOptions());
            checkFormat();
            opened = true;
        } finally {
            if (!opened) {
                close();
            }
        }
    }

    /** Opens or creates the database. The native library must be loaded. */
    static RocksDbHandle open(Path directory) throws RocksDBException {
        return new RocksDbHandle(directory);
    }

    private <T extends AutoCloseable> T own(T resource) {
        owned.add(resource);
        return resource;
    }

    private ColumnFamilyOptions familyOptions() {
        Cache cache = own(new LRUCache(BLOCK_CACHE_BYTES));
        BloomFilter filter = own(new BloomFilter(10));
        BlockBasedTableConfig table = new BlockBasedTableConfig()
                .setBlockCache(cache)
                .setCacheIndexAndFilterBlocks(true)
                .setFilterPolicy(filter);
        return own(new ColumnFamilyOptions())
                .setTableFormatConfig(table)
                .setCompressionType(CompressionType.NO_COMPRESSION)
                .setArenaBlockSize(64 * KIB)
                .setWriteBufferSize(WRITE_BUFFER_BYTES);
    }

    private DBOptions databaseOptions() {
        return own(new DBOptions())
                .setCreateIfMissing(true)
                .setCreateMissingColumnFamilies(true)
                // A stamp and the changes that it speaks of live in different families: flushed together or not at all.
                .setAtomicFlush(true)
                .setMaxOpenFiles(64)
                .setMaxBackgroundJobs(2)
                .setDbWriteBufferSize(4 * WRITE_BUFFER_BYTES)
                .setMaxTotalWalSize(4 * WRITE_BUFFER_BYTES)
                .setInfoLogLevel(InfoLogLevel.ERROR_LEVEL)
                .setMaxLogFileSize(256 * KIB)
                .setKeepLogFileNum(2)
                .setMaxManifestFileSize(WRITE_BUFFER_BYTES)
                .setStatsDumpPeriodSec(0)
                .setStatsPersistPeriodSec(0);
    }

    /** All that are there (RocksDB insists on opening each of them) and all that should be; the default one first. */
    private static Set<String> familyNames(Path directory) throws RocksDBException {
        Set<String> names = new LinkedHashSet<>();
        names.add(new String(RocksDB.DEFAULT_COLUMN_FAMILY, StandardCharsets.UTF_8));
        if (directory.resolve("CURRENT").toFile().exists()) {
            try (Options options = new Options()) {
                for (byte[] name : RocksDB.listColumnFamilies(options, directory.toString())) {
                    names.add(new String(name, StandardCharsets.UTF_8));
                }
            }
        }
        for (View view : View.values()) {
            names.add(view.family());
        }
        return names;
    }

    private static ColumnFamilyHandle named(String name, List<ColumnFamilyHandle> handles) throws RocksDBException {
        for (ColumnFamilyHandle handle : handles) {
            if (name.equals(new String(handle.getName(), StandardCharsets.UTF_8))) {
                return handle;
            }
        }
        throw new IllegalStateException("column family " + name + ": not opened");
    }

    private void checkFormat() throws RocksDBException {
        byte[] format = db.get(stamps, FORMAT_KEY);
        if (format == null) {
            db.put(stamps, FORMAT_KEY, FORMAT);
        } else if (format.length != 1 || format[0] != FORMAT[0]) {
            throw new RocksDBException("the views have a format that this version does not know");
        }
    }

    RocksDB db() {
        return db;
    }

    /** The default family: format and stamps. */
    ColumnFamilyHandle stamps() {
        return stamps;
    }

    ColumnFamilyHandle family(View view) {
        return Objects.requireNonNull(families.get(view));
    }

    void write(WriteBatch batch) throws RocksDBException {
        db.write(writeOptions, batch);
    }

    @Override
    public void close() {
        for (int i = owned.size() - 1; i >= 0; i--) {
            try {
                owned.get(i).close();
            } catch (Exception e) {
                throw new IllegalStateException("views: a native object cannot be closed", e);
            }
        }
        owned.clear();
    }
}
