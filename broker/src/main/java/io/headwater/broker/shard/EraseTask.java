package io.headwater.broker.shard;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.net.Connection;
import io.headwater.broker.net.Outgoing;
import io.headwater.broker.partition.PartitionErrors;
import io.headwater.broker.partition.RequestFailedException;
import io.headwater.protocol.Errors;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.EraseRecords;
import io.headwater.protocol.wire.EraseRecordsReply;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.record.DeadLetterHeaders;
import io.headwater.record.RecordFilter;
import io.headwater.storage.RewriteReport;
import io.headwater.storage.StorageException;

/** Erases records of a partition: seals what is open, waits until that is durable, rewrites, and answers with a report. */
record EraseTask(Connection connection, int correlationId, EraseRecords request) implements Task {
    @Override
    public void run(Shard shard) {
        PartitionInfo info = shard.metadata().partition(request.getPartitionId());
        if (info == null) {
            fail(shard, shard.unknown().partition(request.getPartitionId()));
            return;
        }
        try {
            Owned owned = shard.owned(info);
            RecordFilter what = what();
            owned.partition.prepareToErase();
            shard.appended(owned);
            owned.parkUntilDurable(new Begin(owned.partition.log().endIndex(), owned, what));
        } catch (StorageException e) {
            fail(shard, PartitionErrors.of(info, e));
        } catch (RequestFailedException e) {
            fail(shard, e.error());
        }
    }

    private RecordFilter what() throws RequestFailedException {
        return switch (request.getWhatCase()) {
            case OFFSET -> RecordFilter.withoutOffset(request.getOffset());
            case KEY -> RecordFilter.withoutKey(request.getKey().toByteArray());
            case ORIGIN -> DeadLetterHeaders.withoutOrigin(request.getOrigin());
            case WHAT_NOT_SET ->
                throw new RequestFailedException(Errors.of(
                        ErrorCode.ERROR_INVALID_REQUEST, "erase: nothing (expected: an offset, a key or an origin)"));
        };
    }

    private final class Begin implements Parked {
        private final long durableAtIndex;
        private final Owned owned;
        private final RecordFilter what;

        Begin(long durableAtIndex, Owned owned, RecordFilter what) {
            this.durableAtIndex = durableAtIndex;
            this.owned = owned;
            this.what = what;
        }

        @Override
        public long durableAtIndex() {
            return durableAtIndex;
        }

        @Override
        public void durable(Shard shard) {
            try {
                owned.partition.upkeep().erase(what, shard.soon(), report -> answer(shard, owned, report));
            } catch (StorageException e) {
                fail(shard, PartitionErrors.of(owned.partition.info(), e));
            } catch (RequestFailedException e) {
                fail(shard, e.error());
            }
        }

        @Override
        public void failed(Shard shard, Error error) {
            fail(shard, error);
        }
    }

    private void answer(Shard shard, Owned owned, RewriteReport report) {
        owned.desk().forgetEntries();
        Exception failure = report.failure();
        if (failure != null) {
            fail(
                    shard,
                    Errors.unknownOutcome(
                            ErrorCode.ERROR_INTERNAL,
                            "partition " + owned.partition.info().displayName() + ": erased in part: "
                                    + failure.getMessage() + "; ask again"));
            return;
        }
        EraseRecordsReply.Builder reply = EraseRecordsReply.newBuilder()
                .setRecords(report.removedRecords())
                .setSegments(report.segments().size())
                .setUntilOffset(report.untilOffset())
                .setUnreadableBatches(report.unreadableBatches());
        for (RewriteReport.RewrittenSegment segment : report.segments()) {
            reply.setBytesBefore(reply.getBytesBefore() + segment.bytesBefore())
                    .setBytesAfter(reply.getBytesAfter() + segment.bytesAfter());
        }
        connection.post(Outgoing.reply(correlationId, FrameType.ERASE_RECORDS, reply.build()));
        shard.touch(connection);
    }

    private void fail(Shard shard, Error error) {
        connection.post(Outgoing.failure(correlationId, FrameType.ERASE_RECORDS, error));
        shard.touch(connection);
    }

    @Override
    public void refuse(Error why) {
        connection.fail(correlationId, FrameType.ERASE_RECORDS, why);
    }
}
