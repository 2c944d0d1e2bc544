package io.headwater.broker.simulation;

import io.headwater.broker.replica.EpochTable;
import io.headwater.storage.PartitionLog;
import io.headwater.storage.StorageException;
import java.util.HashMap;
import java.util.Map;
import org.agrona.collections.IntArrayList;

/**
 * What any copy has ever taken for committed, and who has led. Committed once is committed everywhere: the same entry at the
 * same index; one broker leads an epoch, and it has all that was committed in older ones. Entries with one index and one epoch
 * are the same, so that their epochs are enough to compare.
 *
 * <p>Looked at after each turn of a broker, so that a rule that is broken is seen where it is, and not only where a client
 * happens to notice.
 */
final class Commits {
    /** Nobody leads. */
    static final int NOBODY = 0;

    private final Map<Long, Partition> partitions = new HashMap<>();

    private static final class Partition {
        /** Of each entry that is committed. */
        final IntArrayList epochs = new IntArrayList();
        /** In which epoch it was committed, at the latest. */
        final IntArrayList committedIn = new IntArrayList();

        final Map<Integer, String> leaders = new HashMap<>();
        int newestLed;
    }

    private static final class Copy {
        long commit;
        int leads;
    }

    /** What one life of a broker is seen to take for committed. */
    final class Witness {
        private final String name;
        private final Map<Long, Copy> copies = new HashMap<>();

        private Witness(String name) {
            this.name = name;
        }

        /**
         * @param leads the epoch that it leads; {@link #NOBODY}: it follows
         * @throws StorageException if the log cannot be read; nothing was looked at
         */
        void look(long partitionId, PartitionLog log, long commit, int leads) throws StorageException {
            Copy copy = copies.computeIfAbsent(partitionId, each -> new Copy());
            if (commit == copy.commit && leads == copy.leads) {
                return;
            }
            Partition partition = partitions.computeIfAbsent(partitionId, each -> new Partition());
            EpochTable epochs = epochs(log);
            if (leads != copy.leads && leads != NOBODY) {
                leads(partition, log, epochs, leads);
            }
            if (commit > copy.commit) {
                committed(partition, log, epochs, copy.commit, commit, leads);
            }
            copy.commit = commit;
            copy.leads = leads;
        }

        /** One that begins late, when later epochs have leaders too, need not have what those have committed. */
        private void leads(Partition partition, PartitionLog log, EpochTable epochs, int epoch) {
            String other = partition.leaders.putIfAbsent(epoch, name);
            if (other != null && !other.equals(name)) {
                throw new History.Violation("epoch " + epoch + " is led by " + name + ", and was by " + other);
            }
            partition.newestLed = Math.max(partition.newestLed, epoch);
            for (int i = (int) log.startIndex(); i < partition.epochs.size(); i++) {
                boolean has = i < log.endIndex() && epochs.epochAt(i) == partition.epochs.getInt(i);
                if (!has && partition.committedIn.getInt(i) < epoch) {
                    throw new History.Violation(name + " leads epoch " + epoch + " without entry " + i + " of epoch "
                            + partition.epochs.getInt(i) + ", which is committed; it ends at " + log.endIndex());
                }
            }
        }

        private void committed(
                Partition partition, PartitionLog log, EpochTable epochs, long from, long end, int leads) {
            if (end > log.endIndex()) {
                throw new History.Violation(name + " commits " + end + ", and has " + log.endIndex());
            }
            for (int i = (int) Math.max(from, log.startIndex()); i < end; i++) {
                int epoch = epochs.epochAt(i);
                if (i == partition.epochs.size()) {
                    partition.epochs.addInt(epoch);
                    // A leader that died in the turn in which it committed was not looked at: whoever follows tells.
                    partition.committedIn.addInt(leads == NOBODY ? partition.newestLed : leads);
                } else if (i > partition.epochs.size()) {
                    throw new History.Violation(name + " commits entry " + i + ", and nobody the one before");
                } else if (partition.epochs.getInt(i) != epoch) {
                    throw new History.Violation(name + " commits entry " + i + " of epoch " + epoch
                            + "; committed is one of epoch " + partition.epochs.getInt(i));
                }
            }
        }

        private static EpochTable epochs(PartitionLog log) throws StorageException {
            EpochTable table = new EpochTable();
            log.epochs().forEach(row -> table.append(row.epoch(), row.firstIndex()));
            return table;
        }
    }

    /** @param name of a life of a broker */
    Witness witness(String name) {
        return new Witness(name);
    }
}
