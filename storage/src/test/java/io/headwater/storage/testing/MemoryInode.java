package io.headwater.storage.testing;

import java.util.Arrays;
import java.util.BitSet;
import java.util.function.BooleanSupplier;

/** A file's bytes twice: as written, and as the platter has them. */
final class MemoryInode {
    static final int SECTOR = 512;

    byte[] bytes = new byte[0];
    int size;
    private byte[] durable = new byte[0];
    private int durableSize;
    private final BitSet dirty = new BitSet();

    void resize(int newSize) {
        if (newSize > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(newSize, Math.min(2 * bytes.length, newSize + (1 << 20))));
        } else if (newSize < size) {
            Arrays.fill(bytes, newSize, size, (byte) 0);
            dirty.set(newSize / SECTOR, (size + SECTOR - 1) / SECTOR + 1);
        }
        size = newSize;
    }

    void wrote(int position, int length) {
        if (length > 0) {
            dirty.set(position / SECTOR, (position + length - 1) / SECTOR + 1);
        }
    }

    void sync() {
        keep(dirty);
        durableSize = size;
        dirty.clear();
    }

    private void keep(BitSet sectors) {
        if (durable.length < size) {
            durable = Arrays.copyOf(durable, bytes.length);
        }
        for (int sector = sectors.nextSetBit(0); sector >= 0; sector = sectors.nextSetBit(sector + 1)) {
            int from = sector * SECTOR;
            int to = Math.min(from + SECTOR, bytes.length);
            if (from < to && from < durable.length) {
                System.arraycopy(bytes, from, durable, from, Math.min(to, durable.length) - from);
            }
        }
    }

    byte[] durableContents() {
        return Arrays.copyOf(durable, durableSize);
    }

    /** Loses what was not synced, except the sectors (and the new length) that {@code survives} lets through. */
    void powerCut(BooleanSupplier survives) {
        BitSet kept = new BitSet();
        for (int sector = dirty.nextSetBit(0); sector >= 0; sector = dirty.nextSetBit(sector + 1)) {
            kept.set(sector, survives.getAsBoolean());
        }
        keep(kept);
        int length = size != durableSize && survives.getAsBoolean() ? size : durableSize;
        bytes = Arrays.copyOf(durable, Math.max(length, durable.length));
        Arrays.fill(bytes, length, bytes.length, (byte) 0);
        size = length;
        durable = bytes.clone();
        durableSize = length;
        dirty.clear();
    }

    /** Changes a bit where it cannot be missed: on the platter and in the cache. */
    void flip(int position, int bit) {
        bytes[position] ^= (byte) (1 << bit);
        if (position < durable.length) {
            durable[position] ^= (byte) (1 << bit);
        }
    }
}
