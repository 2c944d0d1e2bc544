package io.headwater.broker.peer;

import static io.headwater.broker.peer.BadPeerMessageException.require;

import io.headwater.broker.copy.EntryBytes;
import io.headwater.broker.peer.wire.AttachName;
import io.headwater.broker.peer.wire.EpochRow;
import io.headwater.broker.peer.wire.ReplicaName;
import io.headwater.broker.peer.wire.Replication;
import io.headwater.broker.replica.AttachId;
import io.headwater.broker.replica.EpochStart;
import io.headwater.broker.replica.LogTail;
import io.headwater.broker.replica.ReplicaId;
import io.headwater.broker.replica.ReplicaMessage;
import io.headwater.broker.replica.ReplicaMessage.Ack;
import io.headwater.broker.replica.ReplicaMessage.Append;
import io.headwater.broker.replica.ReplicaMessage.Attach;
import io.headwater.broker.replica.ReplicaMessage.AttachOk;
import io.headwater.broker.replica.ReplicaMessage.Commit;
import io.headwater.broker.replica.ReplicaMessage.Confirm;
import io.headwater.broker.replica.ReplicaMessage.Confirmed;
import io.headwater.broker.replica.ReplicaMessage.CopyFirst;
import io.headwater.broker.replica.ReplicaMessage.TellMore;
import io.headwater.storage.LogStart;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * What replicas say to each other, as bytes and back. Decoding takes nothing for granted: whatever is not well formed is a
 * {@link BadPeerMessageException}. Whether it makes sense at this moment, the replica knows.
 */
public final class ReplicaCodec {
    private ReplicaCodec() {}

    /** @param start where the leader's log starts; {@link LogStart#OF_ALL} of messages that do not tell */
    public record Received(long partition, ReplicaMessage message, LogStart start) {}

    /**
     * @param start where the leader's log starts; told with an append, a commit and the order to copy first
     * @param attachment gets the entries of an append, which have to be {@link EntryBytes}: as they are, not copied
     */
    public static io.headwater.broker.peer.wire.ReplicaMessage encode(
            long partition, ReplicaMessage message, LogStart start, List<ByteBuffer> attachment) {
        var wire = io.headwater.broker.peer.wire.ReplicaMessage.newBuilder()
                .setPartitionId(partition)
                .setEpoch(message.epoch());
        if (message instanceof Append append) {
            wire.setAppend(encode(append, attachment));
            tell(start, wire);
        } else if (message instanceof Ack ack) {
            wire.getAckBuilder().setFrom(name(ack.from())).setDurableEnd(ack.durableEnd());
            if (ack.writtenEnd() > ack.durableEnd()) {
                wire.getAckBuilder().setWrittenEnd(ack.writtenEnd());
            }
        } else if (message instanceof Commit commit) {
            tell(start, wire);
            wire.getCommitBuilder().setTo(name(commit.to())).setCommit(commit.commit());
        } else if (message instanceof Confirm confirm) {
            wire.getConfirmBuilder().setTo(name(confirm.to())).setRound(confirm.round());
        } else if (message instanceof Confirmed confirmed) {
            wire.getConfirmedBuilder().setFrom(name(confirmed.from())).setRound(confirmed.round());
        } else if (message instanceof Attach attach) {
            LogTail log = attach.log();
            wire.getAttachBuilder()
                    .setName(name(attach.id()))
                    .setStartIndex(log.startIndex())
                    .setEndIndex(log.endIndex())
                    .addAllRows(wireRows(log.rows()))
                    .setOlderRows(log.olderRows())
                    .setTakesSegments(attach.takesSegments());
        } else if (message instanceof AttachOk ok) {
            wire.getAttachOkBuilder()
                    .setName(name(ok.id()))
                    .setTruncateTo(ok.truncateTo())
                    .setCommit(ok.commit())
                    .setEnd(ok.end());
        } else if (message instanceof TellMore more) {
            wire.getTellMoreBuilder().setName(name(more.id())).setBeforeIndex(more.beforeIndex());
        } else if (message instanceof CopyFirst copy) {
            tell(start, wire);
            wire.getCopyFirstBuilder()
                    .setName(name(copy.id()))
                    .setFromIndex(copy.fromIndex())
                    .setGoesOn(copy.goesOn())
                    .setEndIndex(copy.end());
        } else {
            throw new IllegalStateException("no bytes for " + message);
        }
        return wire.build();
    }

    private static void tell(LogStart start, io.headwater.broker.peer.wire.ReplicaMessage.Builder wire) {
        wire.setStartIndex(start.index())
                .setStartOffset(start.offset())
                .setStartEpochBefore(start.epochBefore())
                .setStartTimeBeforeMs(start.timeBeforeMs());
    }

    private static LogStart start(io.headwater.broker.peer.wire.ReplicaMessage wire) {
        if (!wire.hasAppend() && !wire.hasCommit() && !wire.hasCopyFirst()) {
            return LogStart.OF_ALL;
        }
        try {
            return new LogStart(
                    wire.getStartIndex(),
                    wire.getStartOffset(),
                    wire.getStartEpochBefore(),
                    wire.getStartTimeBeforeMs());
        } catch (IllegalArgumentException e) {
            throw new BadPeerMessageException(String.valueOf(e.getMessage()));
        }
    }

    private static io.headwater.broker.peer.wire.ReplicaMessage.Append encode(
            Append append, List<ByteBuffer> attachment) {
        EntryBytes entries = (EntryBytes) append.entries();
        attachment.add(entries.content());
        return io.headwater.broker.peer.wire.ReplicaMessage.Append.newBuilder()
                .setTo(name(append.to()))
                .setFromIndex(entries.fromIndex())
                .setEndIndex(entries.endIndex())
                .setBytes(entries.bytes())
                .addAllRows(wireRows(entries.epochs()))
                .setCommit(append.commit())
                .build();
    }

    /**
     * @param attachment position to limit; the entries of appends are slices of it
     * @throws BadPeerMessageException if anything of it is not well formed; then nothing of it is given
     */
    public static List<Received> decode(Replication replication, ByteBuffer attachment) {
        List<Received> all = new ArrayList<>(replication.getMessagesCount());
        ByteBuffer rest = attachment.duplicate();
        for (var wire : replication.getMessagesList()) {
            require(wire.getPartitionId() > 0, "partition", wire.getPartitionId(), "above 0");
            all.add(new Received(wire.getPartitionId(), decode(wire, rest), start(wire)));
        }
        require(!rest.hasRemaining(), "attachment", rest.remaining() + " bytes more", "those of the appends");
        return all;
    }

    private static ReplicaMessage decode(io.headwater.broker.peer.wire.ReplicaMessage wire, ByteBuffer rest) {
        int epoch = (int) notNegative("epoch", wire.getEpoch());
        switch (wire.getMessageCase()) {
            case APPEND -> {
                return append(epoch, wire.getAppend(), rest);
            }
            case ACK -> {
                var ack = wire.getAck();
                long durable = notNegative("durable end", ack.getDurableEnd());
                return new Ack(epoch, id(ack.getFrom()), durable, Math.max(durable, ack.getWrittenEnd()));
            }
            case COMMIT -> {
                var commit = wire.getCommit();
                return new Commit(epoch, id(commit.getTo()), notNegative("commit", commit.getCommit()));
            }
            case CONFIRM -> {
                var confirm = wire.getConfirm();
                return new Confirm(epoch, id(confirm.getTo()), notNegative("round", confirm.getRound()));
            }
            case CONFIRMED -> {
                var confirmed = wire.getConfirmed();
                return new Confirmed(epoch, id(confirmed.getFrom()), notNegative("round", confirmed.getRound()));
            }
            case ATTACH -> {
                return attach(epoch, wire.getAttach());
            }
            case ATTACH_OK -> {
                var ok = wire.getAttachOk();
                return new AttachOk(
                        epoch,
                        id(ok.getName()),
                        notNegative("truncate to", ok.getTruncateTo()),
                        notNegative("commit", ok.getCommit()),
                        notNegative("end", ok.getEnd()));
            }
            case TELL_MORE -> {
                var more = wire.getTellMore();
                return new TellMore(epoch, id(more.getName()), notNegative("before index", more.getBeforeIndex()));
            }
            case COPY_FIRST -> {
                var copy = wire.getCopyFirst();
                return new CopyFirst(
                        epoch,
                        id(copy.getName()),
                        notNegative("from index", copy.getFromIndex()),
                        copy.getGoesOn(),
                        notNegative("end index", copy.getEndIndex()));
            }
            case MESSAGE_NOT_SET -> throw new BadPeerMessageException("replica message: none (expected: one)");
        }
        throw new BadPeerMessageException("replica message: " + wire.getMessageCase() + " (expected: a known one)");
    }

    private static ReplicaMessage attach(int epoch, io.headwater.broker.peer.wire.ReplicaMessage.Attach attach) {
        List<EpochStart> rows = rows(attach.getRowsList(), 0, notNegative("end index", attach.getEndIndex()));
        LogTail log = new LogTail(notNegative("start index", attach.getStartIndex()), attach.getEndIndex(), rows, (int)
                notNegative("older rows", attach.getOlderRows()));
        return new Attach(epoch, id(attach.getName()), log, attach.getTakesSegments());
    }

    private static ReplicaMessage append(
            int epoch, io.headwater.broker.peer.wire.ReplicaMessage.Append append, ByteBuffer rest) {
        long from = notNegative("from index", append.getFromIndex());
        long end = append.getEndIndex();
        int bytes = append.getBytes();
        require(end >= from, "end index", end, "at least " + from);
        require(bytes >= 0 && bytes <= rest.remaining(), "bytes of an append", bytes, "0 to " + rest.remaining());
        require(end == from || bytes > 0, "bytes of an append", bytes, "some, for entries up to " + end);
        List<EpochStart> rows = rows(append.getRowsList(), from, end);
        require(
                end == from || (!rows.isEmpty() && rows.get(0).firstIndex() == from),
                "epochs of an append",
                rows,
                "the first from " + from);
        ByteBuffer content = rest.slice(rest.position(), bytes);
        rest.position(rest.position() + bytes);
        return new Append(
                epoch,
                id(append.getTo()),
                new EntryBytes(from, end, content, rows),
                notNegative("commit", append.getCommit()));
    }

    private static List<EpochStart> rows(List<EpochRow> wire, long from, long end) {
        List<EpochStart> rows = new ArrayList<>(wire.size());
        int epoch = -1;
        long index = from - 1;
        for (EpochRow row : wire) {
            require(row.getEpoch() > epoch, "epoch of a row", row.getEpoch(), "above " + epoch);
            require(
                    row.getFirstIndex() > index && row.getFirstIndex() <= end,
                    "first index of a row",
                    row.getFirstIndex(),
                    "above " + index + ", at most " + end);
            epoch = row.getEpoch();
            index = row.getFirstIndex();
            rows.add(new EpochStart(epoch, index));
        }
        return rows;
    }

    private static List<EpochRow> wireRows(List<EpochStart> rows) {
        List<EpochRow> wire = new ArrayList<>(rows.size());
        for (EpochStart row : rows) {
            wire.add(EpochRow.newBuilder()
                    .setEpoch(row.epoch())
                    .setFirstIndex(row.firstIndex())
                    .build());
        }
        return wire;
    }

    static long notNegative(String what, long value) {
        require(value >= 0, what, value, "0 or more");
        return value;
    }

    static ReplicaName name(ReplicaId id) {
        return ReplicaName.newBuilder()
                .setNodeId(id.node())
                .setDirectoryHigh(id.directory().getMostSignificantBits())
                .setDirectoryLow(id.directory().getLeastSignificantBits())
                .build();
    }

    static ReplicaId id(ReplicaName name) {
        require(name.getNodeId() > 0, "node of a replica", name.getNodeId(), "above 0");
        return new ReplicaId(name.getNodeId(), new UUID(name.getDirectoryHigh(), name.getDirectoryLow()));
    }

    private static AttachName name(AttachId id) {
        return AttachName.newBuilder()
                .setReplica(name(id.replica()))
                .setIncarnation(id.incarnation())
                .setAttempt(id.attempt())
                .build();
    }

    private static AttachId id(AttachName name) {
        return new AttachId(
                id(name.getReplica()),
                notNegative("incarnation", name.getIncarnation()),
                notNegative("attempt", name.getAttempt()));
    }
}
