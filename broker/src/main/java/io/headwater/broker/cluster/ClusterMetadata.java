package io.headwater.broker.cluster;

import io.headwater.broker.consensus.Voter;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.MetadataQuorum;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.peer.ControllerCodec;
import io.headwater.broker.peer.wire.Done;
import io.headwater.broker.peer.wire.Heartbeat;
import io.headwater.broker.peer.wire.PeerMessage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The metadata of a cluster as one of its brokers has it: through its own voter, or by asking the voters ({@link Tail}). The
 * picture only ever goes forward, whichever of the two it comes from. What is proposed travels to whoever leads; see {@link
 * #propose}. On the node of the leading voter this also does what a controller does ({@link Leading}).
 *
 * <p>One thread, the owner, calls everything but what is marked otherwise. What comes in through the {@link ClusterMailbox}
 * is handled in its turns ({@link #doWork}). Made by {@link ClusterNode#start}.
 */
public final class ClusterMetadata implements MetadataQuorum {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterMetadata.class);
    private static final long SAVE_NS = TimeUnit.SECONDS.toNanos(1);
    /** As long as an election may take. */
    private static final long GONE_NS = TimeUnit.SECONDS.toNanos(10);

    private static final long LEADERLESS_NS = TimeUnit.MILLISECONDS.toNanos(50);

    private final Member member;
    private final NodeFile file;
    private final Vote vote;
    private final VoterAgain again = new VoterAgain();
    private final Requests requests;
    private final Proposals proposals;
    private final Tail tail;
    private final MetadataFeed feed;
    private final PictureMarks marks;
    private final List<Listener> listeners = new ArrayList<>();
    private final PeerAddresses addresses;
    private final Heartbeats heartbeats;
    private final LeaderWatch watch;
    /** Nodes whose process was seen to be gone, and when; whoever comes to lead does not wait for their silence. */
    private final Map<Integer, Long> gone = new HashMap<>();

    private final Tail.Listener heard = new Tail.Listener() {
        @Override
        public void leaderHeard(String leader) {
            ClusterMetadata.this.leaderHeard(leader);
        }

        @Override
        public void applied(MetadataImage next, Command command) {
            ClusterMetadata.this.applied(next, command);
        }

        @Override
        public void replaced(MetadataImage next) {
            ClusterMetadata.this.replaced(next);
        }
    };

    private volatile @Nullable Voter voter;
    private volatile @Nullable Leading leading;
    private volatile MetadataImage image;
    /** Up to which picture everybody here has been told. */
    private @Nullable MetadataImage told;

    private boolean registered;
    private volatile int controller;
    /** The voter that leads, as others say. */
    private String leaderHeard = "";

    private long saveDueNs;
    private boolean saving;
    private long nowNs;

    ClusterMetadata(Member member, NodeFile file, MetadataImage image, @Nullable Voter voter) {
        this.member = member;
        this.file = file;
        this.image = image;
        this.nowNs = member.ports().nanoClock().nanoTime();
        this.vote = new Vote(member.name(), file);
        this.addresses = new PeerAddresses(member.ports().peers());
        this.marks = new PictureMarks(member.ports().diskWork(), member.mailbox()::execute);
        listeners.add(marks);
        this.heartbeats = new Heartbeats(member, marks, nowNs);
        this.saveDueNs = nowNs;
        this.watch = new LeaderWatch(member.name());
        this.requests = new Requests(this, member);
        this.proposals = new Proposals(
                member.ports().peers(),
                member.mailbox(),
                this::leaderHeard,
                member.settings().timing().retryMs(),
                nowNs);
        this.tail = new Tail(
                member.ports().peers(), member.mailbox(), member.settings().seeds(), heard, nowNs);
        this.feed = new MetadataFeed(image);
        if (voter != null) {
            adopt(voter);
        }
    }

    /** Whether it is on the disk that this directory belongs to the cluster. */
    boolean isMember() {
        return file.known() != null;
    }

    // ------------------------------------------------------------------------------------------- MetadataQuorum

    /**
     * As everywhere, and besides: while nobody is known to lead, or whoever was asked definitely does not, this looks for
     * somebody for a bounded time. The picture shows a command before its proposer hears of it.
     */
    @Override
    public CompletionStage<Outcome> propose(Command command) {
        return proposals.propose(command);
    }

    @Override
    public int doWork() {
        nowNs = member.ports().nanoClock().nanoTime();
        Voter mine = voter;
        // Asked first: what was agreed on before it came to lead is then in the picture.
        boolean leads = mine != null && mine.isLeader();
        int work = mine == null ? 0 : mine.doWork();
        work += member.mailbox().drain(this);
        if (mine != null && (vote.isVoid() || !mine.isRunning())) {
            retire(mine);
            leads = false;
        }
        Voter started = voter == null ? again.start(member, nowNs) : null;
        if (started != null) {
            adopt(started);
        }
        work += lead(leads ? mine : null);
        if (told != image) {
            told = image;
            tell(image);
            work++;
        }
        controller = VoterName.nodeOf(leader());
        if (mine != null && !leads) {
            work += watch.doWork(mine, controller, nowNs);
        }
        marks.doWork(nowNs, image);
        Leading here = leading;
        if (here != null) {
            work += here.doWork(nowNs);
        } else {
            work += heartbeats.doWork(nowNs, image, controller);
        }
        if (isTailing()) {
            work += tail.doWork(nowNs, image, member.nodeId(), controller);
        }
        work += proposals.doWork(nowNs, image, leads ? mine : null, controller, member.nodeId());
        work += feed.doWork(nowNs, leaderOfOwnVoter(), voters());
        save();
        Voter sends = voter;
        return work + (sends == null ? 0 : sends.doWork());
    }

    @Override
    public long nextInNs() {
        long next = Math.min(heartbeats.nextInNs(nowNs), again.nextInNs(nowNs));
        if (controller == 0 || proposals.isBusy()) {
            next = Math.min(next, LEADERLESS_NS);
        }
        next = Math.min(next, voter == null ? Long.MAX_VALUE : watch.nextInNs(nowNs));
        if (isTailing()) {
            next = Math.min(next, tail.nextInNs(nowNs));
        }
        Leading here = leading;
        return here == null ? next : Math.min(heartbeats.everyNs(), here.nextInNs(nowNs));
    }

    @Override
    public MetadataImage image() {
        return image;
    }

    /** Whether somebody is known to lead. Any thread. */
    @Override
    public boolean isWritable() {
        return controller != 0;
    }

    @Override
    public void listener(Listener listener) {
        listeners.add(listener);
    }

    @Override
    public void close() {
        proposals.close();
        Voter mine = voter;
        voter = null;
        leading = null;
        controller = 0;
        if (mine != null) {
            mine.close();
        }
        try {
            if (!vote.isVoid()) {
                file.keep(image);
            }
        } catch (IOException e) {
            LOG.warn("cluster: the last picture of the metadata could not be kept; an older one is", e);
        }
        try {
            file.close();
        } catch (IOException e) {
            LOG.warn("cluster: the node's file could not be closed; what it says is on the disk", e);
        }
    }

    // ------------------------------------------------------------------------------------------- any thread

    public int nodeId() {
        return member.nodeId();
    }

    /** Whether this node decides for the cluster, and knows all that was decided before. Any thread. */
    public boolean isController() {
        return leading != null;
    }

    /** The node whose voter leads, and which therefore is the controller, as far as known; 0: nobody. Any thread. */
    public int controllerNode() {
        return controller;
    }

    /** The voter that leads, as far as known; empty: nobody. */
    String leader() {
        String known = leaderOfOwnVoter();
        return known.isEmpty() ? leaderHeard : known;
    }

    private String leaderOfOwnVoter() {
        Voter mine = voter;
        return mine == null ? "" : Objects.requireNonNullElse(mine.leader(), "");
    }

    /** Null: this node is not the controller. */
    public @Nullable OperatorDesk operators() {
        Leading here = leading;
        return here == null ? null : new OperatorDesk(here);
    }

    /** The metadata's voters, as far as this node's own voter knows; empty if it has none. */
    public List<String> voters() {
        Voter mine = voter;
        return mine == null ? List.of() : mine.voters();
    }

    /** Their nodes. */
    public List<Integer> voterNodes() {
        return voters().stream().map(VoterName::nodeOf).toList();
    }

    Proposals proposals() {
        return proposals;
    }

    /** Why nothing is heard of the cluster, for a person. */
    String lastProblem() {
        return tail.lastProblem();
    }

    @Nullable
    Leading leading() {
        return leading;
    }

    MetadataFeed feed() {
        return feed;
    }

    Voter leadingVoter() {
        return Objects.requireNonNull(voter, "asked only while this node's voter leads");
    }

    long nowNs() {
        return nowNs;
    }

    void heard(Heartbeat heartbeat) {
        Leading here = leading;
        if (here != null) {
            here.heard(heartbeat, nowNs);
        }
    }

    void told(List<ControllerCodec.Received> says) {
        Leading here = leading;
        if (here != null) {
            here.receive(says, nowNs);
        }
    }

    void asked(int node, PeerMessage question, Consumer<PeerMessage> answer) {
        requests.asked(node, question, answer);
    }

    void disconnected(int node, boolean refused) {
        proposals.avoid(node);
        if (VoterName.nodeOf(leaderHeard) == node) {
            leaderHeard = "";
        }
        Leading here = leading;
        if (!refused) {
            return;
        }
        if (here != null) {
            here.gone(node);
        } else {
            gone.put(node, nowNs);
            if (node == controller && voter != null) {
                watch.gone(node, voters(), nowNs);
            }
        }
    }

    /** The lead among the voters goes to another one, if it is here, before this broker stops. Any thread; waits for it. */
    public void handOver(long timeoutMs) throws InterruptedException {
        Voter mine = voter;
        if (mine != null && mine.isLeader()) {
            watch.handOver(mine, image, timeoutMs);
        }
    }

    /** Starts this node's voter, unless it runs; it is voted in later. Durable when it returns. */
    void becomeVoter(Consumer<PeerMessage> answer) {
        if (voter == null) {
            try {
                NodeFile.Known known = Objects.requireNonNull(file.known(), "this node has started");
                Voter started = member.startVoter(known.voter(), List.of());
                keep(known, started);
            } catch (IOException e) {
                LOG.warn("cluster: the voter of this node cannot be started", e);
                answer.accept(Answers.failure("its voter cannot be started: " + e.getMessage()));
                return;
            }
        }
        answer.accept(
                PeerMessage.newBuilder().setDone(Done.getDefaultInstance()).build());
    }

    /** Nobody may hear of a voter that a restart would make anew. */
    private void keep(NodeFile.Known known, Voter started) throws IOException {
        try {
            file.write(known.asVoter().with(image));
        } catch (IOException | RuntimeException e) {
            started.close();
            throw e;
        }
        adopt(started);
    }

    private void adopt(Voter started) {
        voter = started;
        started.listener(heard);
        replaced(started.image());
    }

    /** Ratis has ended: this node was voted out, or its log cannot go on. It may be made a voter again. */
    private void retire(Voter ended) {
        boolean isVoid = vote.isVoid();
        if (isVoid && !vote.giveUp(image)) {
            return;
        }
        LOG.info("cluster: the voter of this node has ended; the node goes on without");
        voter = null;
        again.ended(ended, !isVoid, nowNs);
    }

    /** A voter to whom no leader speaks is not voted in yet, or voted out, or cut off: it asks like those who are none. */
    private boolean isTailing() {
        Voter mine = voter;
        return mine == null || mine.leader() == null;
    }

    private int lead(@Nullable Voter quorum) {
        boolean leads = leading != null;
        if (leads == (quorum != null)) {
            return 0;
        }
        if (quorum == null) {
            LOG.info("cluster: node {} is the controller no longer", member.nodeId());
            leading = null;
            watch.leadsNoLonger();
        } else {
            Leading begun = new Leading(member, quorum, watch.last(), this::proposeForController, marks, image, nowNs);
            gone.forEach((node, sinceNs) -> {
                if (nowNs - sinceNs < GONE_NS) {
                    begun.gone(node);
                }
            });
            gone.clear();
            leading = begun;
        }
        return 1;
    }

    private void proposeForController(Command.Builder command) {
        CompletionStage<Outcome> unused = proposals.propose(
                command.setProposedAtMs(member.ports().epochClock().time()).build());
    }

    void leaderHeard(String name) {
        leaderHeard = name;
    }

    private void applied(MetadataImage next, Command command) {
        if (next.appliedIndex() == image.appliedIndex() + 1) {
            image = next;
            feed.applied(next, command);
            listeners.forEach(listener -> listener.applied(next, command));
        } else {
            replaced(next);
        }
    }

    private void replaced(MetadataImage next) {
        if (next.appliedIndex() > image.appliedIndex()) {
            if (voter != null) {
                vote.look(image, next);
            }
            image = next;
            feed.replaced(next);
            listeners.forEach(listener -> listener.replaced(next));
        }
    }

    private void tell(MetadataImage now) {
        addresses.follow(now);
        requireOurs(now);
        Leading here = leading;
        if (here != null) {
            here.onImage(now, nowNs);
        }
    }

    /** What this process did under its name, another one does now. */
    private void requireOurs(MetadataImage now) {
        NodeInfo me = now.node(member.nodeId());
        if (member.registered(now) != null) {
            registered = true;
        } else if (registered && me != null) {
            registered = false;
            member.ports()
                    .onFatal()
                    .accept(new IllegalStateException("node " + me.nodeId() + ": run " + me.run()
                            + " has registered in its place (expected: " + member.run()
                            + "); one of the two works on a copy of the data directory"));
        }
    }

    /** For the next start. A disk that hangs must not hold up who decides for the cluster, so not on this thread. */
    private void save() {
        NodeFile.Known known = file.known();
        if (saving || vote.isVoid() || known == null || known.picture() == image || nowNs - saveDueNs < 0) {
            return;
        }
        saving = true;
        MetadataImage newest = image;
        member.ports().diskWork().execute(() -> {
            long waitNs = SAVE_NS;
            try {
                file.keep(newest);
            } catch (IOException e) {
                LOG.warn("cluster: the picture of the metadata cannot be kept for the next start; tried again", e);
                waitNs = 10 * SAVE_NS;
            }
            saved(waitNs);
        });
    }

    private void saved(long waitNs) {
        member.mailbox().execute(() -> {
            saving = false;
            saveDueNs = nowNs + waitNs;
        });
    }
}
