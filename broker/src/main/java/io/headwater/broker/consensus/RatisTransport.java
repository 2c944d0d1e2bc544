package io.headwater.broker.consensus;

import io.headwater.broker.consensus.RaftCalls.Call;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Collection;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionReplyProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerRpc;
import org.apache.ratis.server.ServerFactory;

/**
 * Ratis's calls over {@link RaftCalls}. A vote, given or asked for, leaves only when it is sure to be remembered: see
 * {@link VoteBarrier}. A voter is told of entries one call after the other: Ratis 3.3.0 takes an append for done when another
 * copy of it is under way ({@code ServerImplUtils.NavigableIndices}), counts that as committed, and applies what stands in its
 * place until the first copy has cut it, which may be what this voter proposed alone. Ratis makes this by its name, so it is
 * public.
 */
public final class RatisTransport implements RpcType {
    private static final String CALLS = "headwater.calls";
    private static final String BARRIER = "headwater.barrier";

    /** What {@link #newFactory} needs to find. */
    static Parameters parameters(RaftCalls calls, VoteBarrier barrier) {
        Parameters parameters = new Parameters();
        parameters.put(CALLS, calls, RaftCalls.class);
        parameters.put(BARRIER, barrier, VoteBarrier.class);
        return parameters;
    }

    @Override
    public String name() {
        return RatisTransport.class.getName();
    }

    @Override
    public ServerFactory newFactory(Parameters parameters) {
        return new Factory(
                this, parameters.getNonNull(CALLS, RaftCalls.class), parameters.getNonNull(BARRIER, VoteBarrier.class));
    }

    private record Factory(RatisTransport type, RaftCalls calls, VoteBarrier barrier) implements ServerFactory {
        @Override
        public RaftServerRpc newRaftServerRpc(RaftServer server) {
            return new Rpc(type, server, calls, barrier);
        }

        @Override
        public RpcType getRpcType() {
            return type;
        }
    }

    private static final class Rpc implements RaftServerRpc {
        private final RatisTransport type;
        private final RaftServer server;
        private final RaftCalls calls;
        private final VoteBarrier barrier;
        /** Held while entries, or a snapshot, are taken. */
        private final Object taking = new Object();

        Rpc(RatisTransport type, RaftServer server, RaftCalls calls, VoteBarrier barrier) {
            this.type = type;
            this.server = server;
            this.calls = calls;
            this.barrier = barrier;
        }

        @Override
        public void start() {
            calls.serve(server.getId().toString(), this::answer);
        }

        private byte[] answer(Call call, byte[] request) throws IOException {
            barrier.requireRunning();
            return switch (call) {
                case REQUEST_VOTE -> {
                    RequestVoteReplyProto reply = server.requestVote(RequestVoteRequestProto.parseFrom(request));
                    if (reply.getServerReply().getSuccess()) {
                        barrier.beforeAVote();
                    } else {
                        barrier.beforeTheFirstOf(reply.getTerm());
                    }
                    yield reply.toByteArray();
                }
                case APPEND_ENTRIES -> {
                    AppendEntriesRequestProto append = AppendEntriesRequestProto.parseFrom(request);
                    AppendEntriesReplyProto reply;
                    synchronized (taking) {
                        reply = server.appendEntries(append);
                    }
                    barrier.beforeTheFirstOf(reply.getTerm());
                    yield reply.toByteArray();
                }
                case INSTALL_SNAPSHOT -> {
                    InstallSnapshotRequestProto snapshot = InstallSnapshotRequestProto.parseFrom(request);
                    InstallSnapshotReplyProto reply;
                    synchronized (taking) {
                        reply = server.installSnapshot(snapshot);
                    }
                    barrier.beforeTheFirstOf(reply.getTerm());
                    yield reply.toByteArray();
                }
                case START_ELECTION ->
                    server.startLeaderElection(StartLeaderElectionRequestProto.parseFrom(request))
                            .toByteArray();
            };
        }

        @Override
        public RequestVoteReplyProto requestVote(RequestVoteRequestProto request) throws IOException {
            if (!request.getPreVote()) {
                barrier.beforeAVote();
            }
            return RequestVoteReplyProto.parseFrom(
                    call(request.getServerRequest(), Call.REQUEST_VOTE, request.toByteArray()));
        }

        @Override
        public AppendEntriesReplyProto appendEntries(AppendEntriesRequestProto request) throws IOException {
            // Whoever votes alone has led without having asked for a vote.
            barrier.beforeTheFirstOf(request.getLeaderTerm());
            return AppendEntriesReplyProto.parseFrom(
                    call(request.getServerRequest(), Call.APPEND_ENTRIES, request.toByteArray()));
        }

        @Override
        public InstallSnapshotReplyProto installSnapshot(InstallSnapshotRequestProto request) throws IOException {
            barrier.beforeTheFirstOf(request.getLeaderTerm());
            return InstallSnapshotReplyProto.parseFrom(
                    call(request.getServerRequest(), Call.INSTALL_SNAPSHOT, request.toByteArray()));
        }

        @Override
        public StartLeaderElectionReplyProto startLeaderElection(StartLeaderElectionRequestProto request)
                throws IOException {
            return StartLeaderElectionReplyProto.parseFrom(
                    call(request.getServerRequest(), Call.START_ELECTION, request.toByteArray()));
        }

        private byte[] call(RaftRpcRequestProto to, Call call, byte[] request) throws IOException {
            return calls.call(to.getReplyId().toStringUtf8(), call, request);
        }

        @Override
        public void handleException(RaftPeerId voter, Exception failure, boolean reconnect) {
            // Whoever carries the calls reconnects by itself.
        }

        @Override
        public void addRaftPeers(Collection<RaftPeer> peers) {
            // Who has which address is not told here.
        }

        @Override
        public InetSocketAddress getInetSocketAddress() {
            return InetSocketAddress.createUnresolved("none", 0);
        }

        @Override
        public RpcType getRpcType() {
            return type;
        }

        @Override
        public void close() {
            // It has no threads and no sockets.
        }
    }
}
