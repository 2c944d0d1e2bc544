package io.headwater.broker.net;

import io.headwater.protocol.Errors;
import io.headwater.protocol.ProtocolVersion;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.Hello;
import io.headwater.protocol.wire.HelloReply;
import org.jspecify.annotations.Nullable;

/**
 * What this broker says of itself when a client introduces itself.
 *
 * @param maxFrameBytes the largest frame either side may send
 * @param maxRecordBytes the largest batch that holds one record
 */
public record Handshake(String clusterId, int nodeId, String software, int maxFrameBytes, int maxRecordBytes) {
    private static final int MAX_NAME_BYTES = 256;

    /** Null: welcome. */
    @Nullable
    Error refusal(Hello hello) {
        if (ProtocolVersion.negotiate(hello) == ProtocolVersion.NONE) {
            return Errors.of(
                    ErrorCode.ERROR_UNSUPPORTED_VERSION,
                    "protocol versions: " + hello.getMinVersion() + " to " + hello.getMaxVersion()
                            + " (expected: one of " + ProtocolVersion.MIN + " to " + ProtocolVersion.MAX + ")");
        }
        int nameBytes = hello.getClientNameBytes().size();
        if (nameBytes > MAX_NAME_BYTES) {
            return Errors.of(
                    ErrorCode.ERROR_INVALID_REQUEST,
                    "client_name: " + nameBytes + " bytes (expected: at most " + MAX_NAME_BYTES + ")");
        }
        return null;
    }

    HelloReply answer(Hello hello) {
        return HelloReply.newBuilder()
                .setVersion(ProtocolVersion.negotiate(hello))
                .setClusterId(clusterId)
                .setNodeId(nodeId)
                .setBrokerSoftware(software)
                .setMaxFrameBytes(maxFrameBytes)
                .setMaxRecordBytes(maxRecordBytes)
                .build();
    }
}
