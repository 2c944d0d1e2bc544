package io.headwater.broker.peer;

import com.google.protobuf.MessageLite;
import io.headwater.broker.peer.wire.PeerHello;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.peer.wire.PeerWelcome;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;

/** The other end of a connection as a plain socket, that may say anything. */
final class RawPeer implements AutoCloseable {
    final Socket socket;
    final DataInputStream in;
    final DataOutputStream out;

    RawPeer(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(20_000);
        this.in = new DataInputStream(socket.getInputStream());
        this.out = new DataOutputStream(socket.getOutputStream());
    }

    static RawPeer to(TestNode node) throws IOException {
        return new RawPeer(new Socket("127.0.0.1", node.peers.port()));
    }

    static PeerHello hello(int node) {
        return new PeerIdentity(TestNode.CLUSTER, node, "raw" + node).hello(0, false);
    }

    RawPeer say(MessageLite message) throws IOException {
        byte[] bytes = message.toByteArray();
        out.writeInt(4 + bytes.length);
        out.writeInt(bytes.length);
        out.write(bytes);
        out.flush();
        return this;
    }

    byte[] frame() throws IOException {
        int length = in.readInt();
        byte[] message = new byte[in.readInt()];
        in.readFully(message);
        in.skipNBytes(length - 4L - message.length);
        return message;
    }

    PeerWelcome welcome() throws IOException {
        return PeerWelcome.parseFrom(frame());
    }

    /** The next that is not only a sign of life. */
    PeerMessage message() throws IOException {
        while (true) {
            PeerMessage message = PeerMessage.parseFrom(frame());
            if (message.getBodyCase() != PeerMessage.BodyCase.BODY_NOT_SET) {
                return message;
            }
        }
    }

    /** Reads until the other side closes. */
    void awaitClosed() throws IOException {
        try {
            while (in.read() >= 0) {
                Thread.onSpinWait();
            }
        } catch (EOFException | java.net.SocketException e) {
            // Closed, one way or the other.
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
