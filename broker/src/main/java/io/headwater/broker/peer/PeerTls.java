package io.headwater.broker.peer;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.net.ssl.SSLException;

/**
 * Mutual TLS 1.3: each side shows a certificate that the CA of the cluster signed, and checks the other's. Names in
 * certificates are not compared with addresses: the CA is private, and whom it has signed is a broker of the cluster; who
 * that is, the handshake of the peers says.
 */
public final class PeerTls {
    private static final int CLOSE_NOTIFY_MS = 100;

    private final SslContext server;
    private final SslContext client;

    private PeerTls(SslContext server, SslContext client) {
        this.server = server;
        this.client = client;
    }

    /**
     * Reads PEM files.
     *
     * @param cert our certificate, then those between it and the CA's
     * @param key of our certificate: PKCS #8, not encrypted
     * @param ca the certificates of whoever signs those of brokers
     * @throws IOException naming the file, if one cannot be used
     */
    public static PeerTls load(Path cert, Path key, Path ca) throws IOException {
        for (Path file : new Path[] {cert, key, ca}) {
            if (!Files.isReadable(file)) {
                throw new IOException(file + ": cannot be read (expected: a PEM file)");
            }
        }
        try {
            return new PeerTls(
                    common(SslContextBuilder.forServer(cert.toFile(), key.toFile()), ca)
                            .clientAuth(ClientAuth.REQUIRE)
                            .build(),
                    common(SslContextBuilder.forClient().keyManager(cert.toFile(), key.toFile()), ca)
                            .endpointIdentificationAlgorithm(null)
                            .build());
        } catch (SSLException | IllegalArgumentException e) {
            throw new IOException(
                    "TLS between brokers: " + cert + ", " + key + ", " + ca + ": " + reason(e)
                            + " (expected: PEM files: a certificate, its key in PKCS #8, and the CA's certificate)",
                    e);
        }
    }

    private static SslContextBuilder common(SslContextBuilder builder, Path ca) {
        return builder.sslProvider(SslProvider.JDK).trustManager(ca.toFile()).protocols("TLSv1.3");
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage());
    }

    SslHandler accepting(ByteBufAllocator alloc) {
        return bounded(server.newHandler(alloc));
    }

    SslHandler connecting(ByteBufAllocator alloc) {
        return bounded(client.newHandler(alloc));
    }

    private static SslHandler bounded(SslHandler handler) {
        handler.setHandshakeTimeoutMillis((long) Liveness.MAX_HANDSHAKE_TICKS * Liveness.TICK_MS);
        // A peer that reads nothing does not keep a connection from being closed.
        handler.setCloseNotifyFlushTimeoutMillis(CLOSE_NOTIFY_MS);
        return handler;
    }
}
