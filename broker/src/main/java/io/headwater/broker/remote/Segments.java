package io.headwater.broker.remote;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.headwater.broker.copy.SegmentAnswer;
import io.headwater.broker.copy.SegmentAnswer.Failed;
import io.headwater.broker.copy.SegmentAnswer.Gone;
import io.headwater.broker.copy.SegmentAnswer.Later;
import io.headwater.broker.copy.SegmentAnswer.None;
import io.headwater.broker.copy.SegmentAnswer.Part;
import io.headwater.broker.copy.SegmentQuestion;
import io.headwater.broker.peer.BadPeerMessageException;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.peer.wire.SegmentPart;
import io.headwater.broker.peer.wire.SegmentWanted;
import io.headwater.storage.SegmentManifest;

/** Questions for parts of segments and what is said to them, as messages and back. */
public final class Segments {
    private Segments() {}

    static PeerMessage question(SegmentQuestion question) {
        return PeerMessage.newBuilder()
                .setSegmentWanted(SegmentWanted.newBuilder()
                        .setPartitionId(question.partitionId())
                        .setBaseIndex(question.baseIndex())
                        .setChecksum(question.checksum())
                        .setPosition(question.position())
                        .setMaxBytes(question.maxBytes()))
                .build();
    }

    /** @throws BadPeerMessageException if it is not well formed */
    public static SegmentQuestion question(SegmentWanted wanted) {
        try {
            return new SegmentQuestion(
                    wanted.getPartitionId(),
                    wanted.getBaseIndex(),
                    wanted.getChecksum(),
                    wanted.getPosition(),
                    wanted.getMaxBytes());
        } catch (IllegalArgumentException e) {
            throw new BadPeerMessageException(String.valueOf(e.getMessage()));
        }
    }

    public static PeerMessage answer(SegmentAnswer answer) {
        SegmentPart.Builder wire = SegmentPart.newBuilder();
        if (answer instanceof Part part) {
            SegmentManifest segment = part.segment();
            wire.setOutcome(SegmentPart.Outcome.PART)
                    .setBaseIndex(segment.baseIndex())
                    .setEndIndex(segment.endIndex())
                    .setSegmentBytes(segment.bytes())
                    .setChecksum(segment.checksum())
                    .setEpochBefore(segment.epochBefore())
                    .setLastEpoch(segment.lastEpoch())
                    .setPosition(part.position())
                    .setBytes(UnsafeByteOperations.unsafeWrap(part.bytes()));
        } else if (answer instanceof None) {
            wire.setOutcome(SegmentPart.Outcome.NONE);
        } else if (answer instanceof Gone) {
            wire.setOutcome(SegmentPart.Outcome.GONE);
        } else if (answer instanceof Later later) {
            wire.setOutcome(SegmentPart.Outcome.LATER).setInMs(later.inMs());
        } else {
            return PeerMessage.newBuilder().setFailure(((Failed) answer).why()).build();
        }
        return PeerMessage.newBuilder().setSegmentPart(wire).build();
    }

    static SegmentAnswer answer(PeerMessage message) {
        SegmentPart wire = message.getSegmentPart();
        return switch (wire.getOutcome()) {
            case PART -> part(wire);
            case NONE -> new None();
            case GONE -> new Gone();
            case LATER -> new Later(wire.getInMs());
            default -> new Failed("an answer that cannot be read");
        };
    }

    private static SegmentAnswer part(SegmentPart wire) {
        ByteString bytes = wire.getBytes();
        try {
            SegmentManifest segment = new SegmentManifest(
                    wire.getBaseIndex(),
                    wire.getEndIndex(),
                    wire.getSegmentBytes(),
                    wire.getChecksum(),
                    wire.getEpochBefore(),
                    wire.getLastEpoch());
            return bytes.isEmpty() || wire.getPosition() < 0
                    ? new Failed("a part without bytes")
                    : new Part(segment, wire.getPosition(), bytes.asReadOnlyByteBuffer());
        } catch (IllegalArgumentException e) {
            return new Failed(String.valueOf(e.getMessage()));
        }
    }
}
