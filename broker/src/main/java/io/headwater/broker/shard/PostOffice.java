package io.headwater.broker.shard;

import io.headwater.broker.metadata.Leader;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.partition.AppendOutcome;
import io.headwater.broker.partition.Wishes;
import io.headwater.broker.work.LetterBox;
import io.headwater.broker.work.LetterBox.Delivery;
import io.headwater.broker.work.LetterBox.Fate;
import io.headwater.broker.work.LetterBox.Receipt;
import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.record.EventTimes;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordCursor;
import io.headwater.storage.StorageException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/** Carries copies of records from an owner's partitions to those of any owner, and brings back what became of them. */
final class PostOffice {
    private static final int NOBODY = 0;

    private final Mailbox home;
    private final LongFunction<Mailbox> mailboxOf;
    private final Supplier<MetadataImage> metadata;
    private final ReplicaPost post;
    private final int self;
    private final int maxRecordBytes;

    PostOffice(
            Mailbox home,
            LongFunction<Mailbox> mailboxOf,
            Supplier<MetadataImage> metadata,
            ReplicaPost post,
            int self,
            int maxRecordBytes) {
        this.home = home;
        this.post = post;
        this.self = self;
        this.mailboxOf = mailboxOf;
        this.metadata = metadata;
        this.maxRecordBytes = maxRecordBytes;
    }

    LetterBox boxOf(long fromPartitionId) {
        return new LetterBox() {
            @Override
            public MetadataImage metadata() {
                return metadata.get();
            }

            @Override
            public int maxRecordBytes() {
                return maxRecordBytes;
            }

            @Override
            public void send(long partitionId, ByteBuffer batch, Receipt receipt) {
                Consumer<Delivery> back = delivery -> home.signal(new Back(fromPartitionId, delivery, receipt));
                int leader = leaderOf(partitionId);
                if (leader == self) {
                    append(mailboxOf.apply(partitionId), partitionId, batch, back);
                } else if (leader == NOBODY) {
                    back.accept(unknown("no broker leads partition " + partitionId + " at this moment"));
                } else {
                    post.deliver(leader, partitionId, batch, back);
                }
            }
        };
    }

    /** Where the metadata does not name the partition, it is this broker's to find out. */
    private int leaderOf(long partitionId) {
        PartitionInfo partition = metadata.get().partition(partitionId);
        if (partition == null) {
            return self;
        }
        Leader leader = partition.leader();
        return leader == null ? NOBODY : leader.nodeId();
    }

    /** Hands copies to the owner of the partition that they go to; from any thread. */
    static void append(Mailbox owner, long partitionId, ByteBuffer batch, Consumer<Delivery> back) {
        if (!owner.offer(new Copy(partitionId, batch, back))) {
            back.accept(unknown("the owner of partition " + partitionId + " is overloaded"));
        }
    }

    /** Nobody knows whether the copies are there. */
    static Delivery unknown(String problem) {
        return new Delivery(Fate.UNKNOWN, Errors.of(ErrorCode.ERROR_MOVE_UNDECIDED, problem));
    }

    /** At the owner of the partition that they go to. */
    private record Copy(long partitionId, ByteBuffer bytes, Consumer<Delivery> back) implements Task {
        @Override
        public void run(Shard shard) {
            PartitionInfo info = shard.metadata().partition(partitionId);
            if (info == null) {
                back.accept(unknown("partition " + partitionId + ", to which records are moved, was deleted"));
                return;
            }
            try {
                append(shard, shard.owned(info));
            } catch (StorageException e) {
                back.accept(unknown("partition " + info.displayName() + ": " + e.getMessage()));
            }
        }

        private void append(Shard shard, Owned owned) {
            RecordBatch batch = new RecordBatch();
            EventTimes times = new EventTimes();
            Wishes wishes;
            try {
                batch.wrap(bytes, 0).eventTimes(times);
                wishes = Wishes.of(batch, new RecordCursor());
            } catch (InvalidBatchException e) {
                back.accept(unknown("copies that cannot be read: " + e.getMessage()));
                return;
            }
            AppendOutcome outcome = owned.partition.append(batch, times, wishes);
            if (owned.partition.isDirty()) {
                shard.appended(owned);
            }
            Error error = outcome.error();
            if (error != null) {
                back.accept(new Delivery(fate(error), error));
                return;
            }
            if (!outcome.isDuplicate()) {
                shard.traffic().received(batch.recordCount(), batch.sizeInBytes());
            }
            Arrival arrival = new Arrival(outcome.durableAtIndex(), back);
            if (outcome.durableAtIndex() <= owned.partition.committedIndex()) {
                arrival.durable(shard);
            } else {
                owned.parkUntilDurable(arrival);
            }
        }

        /** The partition looks for the batch before it looks for room: if there is none, the batch was never there. */
        private static Fate fate(Error error) {
            return switch (error.getCode()) {
                case ERROR_QUEUE_FULL, ERROR_OVERLOADED, ERROR_DISK_FULL -> Fate.REFUSED;
                default -> Fate.UNKNOWN;
            };
        }

        @Override
        public void refuse(Error why) {
            back.accept(unknown(why.getMessage()));
        }
    }

    /** Waits for the disk. */
    private record Arrival(long durableAtIndex, Consumer<Delivery> back) implements Parked {
        @Override
        public void durable(Shard shard) {
            back.accept(new Delivery(Fate.ARRIVED, Error.getDefaultInstance()));
        }

        @Override
        public void failed(Shard shard, Error error) {
            back.accept(unknown(error.getMessage()));
        }
    }

    /** At the owner of the records. */
    private record Back(long partitionId, Delivery delivery, Receipt receipt) implements Task {
        @Override
        public void run(Shard shard) {
            Owned owned = shard.replicas().served(partitionId);
            if (owned != null) {
                receipt.of(delivery, shard.now());
                shard.turn(owned);
            }
        }

        @Override
        public void refuse(Error why) {
            // The owner stops: the batch goes again after the next start.
        }
    }
}
