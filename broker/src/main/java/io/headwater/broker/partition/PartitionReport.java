package io.headwater.broker.partition;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.partition.PositionTable.Place;
import io.headwater.protocol.wire.GroupPartition;
import io.headwater.protocol.wire.PartitionDescription;
import io.headwater.record.Envelope;
import io.headwater.storage.CorruptLogException;
import io.headwater.storage.LogOfflineException;
import io.headwater.storage.LogSlice;
import io.headwater.storage.LogStats;
import io.headwater.storage.OffsetOutOfRangeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/** What a partition says of itself to an operator. On its owner's thread. */
public final class PartitionReport {
    private PartitionReport() {}

    public static PartitionDescription describe(Partition partition, long nowMs) {
        LogStats stats = partition.log().stats();
        String offline = partition.log().offlineReason();
        boolean empty = stats.maxEventTimeMs() < stats.minEventTimeMs();
        return PartitionDescription.newBuilder()
                .setIndex(partition.info().index())
                .setPartitionId(partition.info().partitionId())
                .setStartOffset(partition.startOffset())
                .setEndOffset(partition.committedOffset())
                .setBytes(stats.bytes())
                .setSegments(stats.segments())
                .setRecordsPerSecond(partition.rates().recordsPerSecond(nowMs))
                .setBytesPerSecond(partition.rates().bytesPerSecond(nowMs))
                .setMinEventTimeMs(empty ? 0 : stats.minEventTimeMs())
                .setMaxEventTimeMs(empty ? 0 : stats.maxEventTimeMs())
                .setLastIngestionTimeMs(empty ? 0 : stats.maxIngestionTimeMs())
                .setDelayP50Ms(partition.delays().percentile(0.50))
                .setDelayP99Ms(partition.delays().percentile(0.99))
                .setState(offline == null ? "online" : "offline: " + offline)
                .build();
    }

    /** A partition that cannot be opened, or that went offline: all that can be said of it is why. */
    public static PartitionDescription offline(PartitionInfo partition, @Nullable String why) {
        return PartitionDescription.newBuilder()
                .setIndex(partition.index())
                .setPartitionId(partition.partitionId())
                .setDelayP50Ms(-1)
                .setDelayP99Ms(-1)
                .setState("offline: " + why)
                .build();
    }

    /** Topic and member are left for the caller. */
    public static GroupPartition group(Partition partition, int groupId, long nowMs)
            throws CorruptLogException, LogOfflineException {
        Place place = partition.positions().place(groupId);
        long end = partition.committedOffset();
        long position = place == null ? -1 : place.durableOffset;
        // What retention has removed cannot lag any more.
        long from = Math.max(position, partition.startOffset());
        GroupPartition.Builder report = GroupPartition.newBuilder()
                .setTopic(partition.info().topicName())
                .setIndex(partition.info().index())
                .setPartitionId(partition.info().partitionId())
                .setPosition(position)
                .setEndOffset(end)
                .setLagRecords(Math.max(0, end - from))
                .setProcessingP50Ms(-1)
                .setProcessingP99Ms(-1);
        if (from < end) {
            report.setLagMs(Math.max(0, nowMs - ingestionTimeMs(partition, from)));
        }
        if (place != null) {
            report.setCommittedMs(place.durableMs)
                    .setProcessingP50Ms(place.processing.percentile(0.50))
                    .setProcessingP99Ms(place.processing.percentile(0.99));
        }
        return report.build();
    }

    /** Of the batch that holds the offset, which is below the committed one. */
    public static long ingestionTimeMs(Partition partition, long offset)
            throws CorruptLogException, LogOfflineException {
        try (LogSlice slice = partition.log().read(offset, partition.committedOffset(), 1, null)) {
            FileChannel channel = slice.channel();
            ByteBuffer head = ByteBuffer.allocate(channel == null ? slice.sizeInBytes() : Envelope.SIZE);
            if (channel == null) {
                slice.copyTo(head);
            } else {
                channel.read(head, slice.position());
            }
            return head.getLong(Envelope.INGESTION_TIME_AT);
        } catch (OffsetOutOfRangeException e) {
            throw new IllegalStateException(
                    "partition " + partition.info().displayName() + ": offset " + offset + " below the committed end "
                            + partition.committedOffset() + " cannot be read",
                    e);
        } catch (CorruptLogException | LogOfflineException e) {
            throw e;
        } catch (IOException e) {
            throw new LogOfflineException("reading the entry of offset " + offset + ": " + e.getMessage(), e);
        }
    }
}
