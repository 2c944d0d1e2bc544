package io.headwater.broker.simulation;

import io.headwater.broker.consensus.RatisQuorum;
import io.headwater.broker.consensus.Voter;
import io.headwater.broker.consensus.Voters;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.MetadataMachine;
import io.headwater.broker.metadata.MetadataUnavailableException;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.client.fake.SimulatedLoop;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The log of the metadata as a model, in place of Ratis: what is agreed on stays, in one order, and needs a majority of the
 * voters that are up and reach each other. A leader that is deposed may not know it for a while; what it had proposed may
 * take effect all the same, and it is told that nobody knows.
 */
public final class ModelMetadata {
    private static final long MS = 1_000_000;
    private static final long TICK_NS = 25 * MS;
    /** After so long without a word of the leader a voter knows none, and a leader without a majority steps down. */
    private static final long SILENCE_NS = 2_500 * MS;

    /** How long a voter may take to hear of what is agreed on. */
    private static final long LATE_NS = 400 * MS;

    /** Whether what one machine says arrives at the other. */
    public interface Reach {
        boolean test(int from, int to);
    }

    private record Waiting(Command command, CompletableFuture<Outcome> done) {}

    private record Proposal(Model by, long term, List<Waiting> parts) {}

    private record Agreed(MetadataImage image, List<Command> commands, List<Outcome> outcomes) {}

    private final SimulatedLoop time;
    private final SplittableRandom random;
    private final Reach reach;
    /** Of how many pieces of news one is late. */
    private final int lateOneIn;

    private final List<Agreed> log = new ArrayList<>();
    private final Deque<Proposal> pending = new ArrayDeque<>();
    /** Those that run. */
    private final Map<String, Model> running = new LinkedHashMap<>();
    /** How much of the log each has on its disk. */
    private final Map<String, Integer> known = new LinkedHashMap<>();

    private List<String> voters = List.of();
    private @Nullable Model leader;
    private long term;
    private long electionNs;
    private String clusterId = "";
    int elections;
    int unknown;

    public ModelMetadata(SimulatedLoop time, SplittableRandom random, Reach reach) {
        this.time = time;
        this.random = random;
        this.reach = reach;
        this.lateOneIn = random.nextBoolean() ? 20 : 3;
        time.schedule(TICK_NS, this::tick);
    }

    /** Those of one machine. */
    public Voters on(int machine) {
        return (membership, used, news) -> start(machine, membership, used, news);
    }

    private Voter start(int machine, RatisQuorum.Membership membership, boolean used, Runnable news)
            throws IOException {
        String name = membership.self();
        if (!used) {
            known.put(name, 0);
        } else if (!known.containsKey(name)) {
            throw new IOException(name + ": its votes are missing");
        }
        clusterId = membership.clusterId();
        if (!membership.voters().isEmpty()) {
            voters = membership.voters();
        }
        Model model = new Model(machine, name, known.get(name), news);
        running.put(name, model);
        return model;
    }

    /** What is agreed on. */
    MetadataImage image() {
        return log.isEmpty()
                ? MetadataImage.empty(clusterId)
                : log.get(log.size() - 1).image();
    }

    private MetadataImage imageAt(int end) {
        return end == 0 ? MetadataImage.empty(clusterId) : log.get(end - 1).image();
    }

    /** The machine of the leader; 0: nobody leads. */
    public int leadingMachine() {
        Model leads = leader;
        return leads == null ? 0 : leads.machine;
    }

    /** Whether what runs on a machine has a vote. */
    boolean votes(int machine) {
        return running.values().stream().anyMatch(each -> each.machine == machine && voters.contains(each.name));
    }

    /** Another voter is to lead, for no reason. */
    public void depose() {
        if (leader != null) {
            leader = null;
            electionNs = time.nowNs() + random.nextLong(50 * MS);
        }
    }

    private boolean hear(Model one, Model other) {
        return one == other || (reach.test(one.machine, other.machine) && reach.test(other.machine, one.machine));
    }

    private boolean hasMajority(Model one) {
        int heard = 0;
        for (String name : voters) {
            Model other = running.get(name);
            if (other != null && hear(one, other)) {
                heard++;
            }
        }
        return running.get(one.name) == one && 2 * heard > voters.size();
    }

    private void tick() {
        Model leads = leader;
        if (leads != null && (!hasMajority(leads) || !voters.contains(leads.name))) {
            leader = null;
            electionNs = time.nowNs() + random.nextLong(500 * MS, 3_000 * MS);
        }
        if (leader == null) {
            electionNs = Math.min(electionNs, time.nowNs() + 3_000 * MS);
            if (time.nowNs() >= electionNs) {
                elect();
            }
        }
        for (Model each : List.copyOf(running.values())) {
            each.tick();
        }
        time.schedule(TICK_NS, this::tick);
    }

    private void elect() {
        List<Model> able = new ArrayList<>();
        for (String name : voters) {
            Model each = running.get(name);
            if (each != null && hasMajority(each)) {
                able.add(each);
            }
        }
        if (able.isEmpty()) {
            return;
        }
        lead(able.get(random.nextInt(able.size())));
    }

    private void lead(Model next) {
        elections++;
        term++;
        electionNs = Long.MAX_VALUE;
        decideOnWhatIsLeft();
        leader = next;
        next.leads = true;
        next.heard = next.name;
        next.heardNs = time.nowNs();
        next.reaches(log.size());
    }

    /** Of a leader that was deposed: the next one may have it. */
    private void decideOnWhatIsLeft() {
        boolean has = true;
        for (Proposal left = pending.poll(); left != null; left = pending.poll()) {
            has &= random.nextBoolean();
            if (has) {
                agree(left.parts());
            }
            unknown++;
            Proposal unsure = left;
            time.schedule(random.nextLong(3_000 * MS), () -> unsure.by().fail(unsure));
        }
    }

    private Agreed agree(List<Waiting> parts) {
        MetadataImage image = image();
        List<Command> commands = new ArrayList<>();
        List<Outcome> outcomes = new ArrayList<>();
        for (Waiting each : parts) {
            Outcome outcome = MetadataMachine.apply(image, image.appliedIndex() + 1, each.command());
            commands.add(each.command());
            outcomes.add(outcome);
            if (outcome instanceof Outcome.Committed committed) {
                image = committed.image();
            }
        }
        Agreed agreed = new Agreed(image, commands, outcomes);
        log.add(agreed);
        return agreed;
    }

    private void submit(Proposal proposal) {
        if (leader != proposal.by() || proposal.term() != term) {
            time.schedule(random.nextLong(100 * MS), () -> proposal.by().fail(proposal));
            return;
        }
        pending.add(proposal);
        time.schedule(random.nextLong(MS, 8 * MS), this::commit);
    }

    private void commit() {
        Proposal next = pending.peek();
        Model leads = leader;
        if (next == null || leads == null || next.by() != leads) {
            return;
        }
        if (!hasMajority(leads)) {
            time.schedule(TICK_NS, this::commit);
            return;
        }
        pending.remove();
        agree(next.parts());
        leads.own.put(log.size() - 1, next);
        leads.reaches(log.size());
    }

    /** One broker's voter, in one run of its process. */
    private final class Model implements Voter {
        final int machine;
        final String name;
        final Runnable news;
        final Map<Integer, Proposal> own = new LinkedHashMap<>();
        private final List<Listener> listeners = new ArrayList<>();
        private final Deque<Proposal> failed = new ArrayDeque<>();
        private List<Waiting> waiting = new ArrayList<>();
        private MetadataImage image;
        private int applied;
        /** Up to where it has the log. */
        private int available;

        private boolean leads;
        private String heard = "";
        private long heardNs;
        private boolean told;

        Model(int machine, String name, int available, Runnable news) {
            this.machine = machine;
            this.name = name;
            this.news = news;
            this.available = available;
            this.applied = available;
            this.image = imageAt(available);
            this.heardNs = time.nowNs();
        }

        @Override
        public boolean isBroken() {
            return false;
        }

        void reaches(int end) {
            if (end > available) {
                available = end;
                known.put(name, end);
                news.run();
            }
        }

        void tick() {
            Model now = leader;
            boolean votes = voters.contains(name);
            if (now != null && votes && hear(this, now)) {
                heardNs = time.nowNs();
                if (!heard.equals(now.name) || (leads && now != this)) {
                    heard = now.name;
                    leads = now == this;
                    news.run();
                }
                if (available < log.size() && !told) {
                    told = true;
                    time.schedule(random.nextLong(random.nextInt(lateOneIn) == 0 ? LATE_NS : 30 * MS), () -> {
                        told = false;
                        if (running.get(name) == this) {
                            reaches(log.size());
                        }
                    });
                }
            } else if (time.nowNs() - heardNs > SILENCE_NS && (leads || !heard.isEmpty())) {
                leads = false;
                heard = "";
                news.run();
            }
        }

        void fail(Proposal proposal) {
            failed.add(proposal);
            news.run();
        }

        @Override
        public CompletionStage<Outcome> propose(Command command) {
            CompletableFuture<Outcome> done = new CompletableFuture<>();
            waiting.add(new Waiting(command, done));
            return done.minimalCompletionStage();
        }

        @Override
        public int doWork() {
            if (!waiting.isEmpty()) {
                Proposal proposal = new Proposal(this, term, waiting);
                waiting = new ArrayList<>();
                submit(proposal);
            }
            int work = 0;
            if (available - applied > 3 && own.isEmpty() && random.nextInt(4) == 0) {
                applied = available;
                image = imageAt(applied);
                listeners.forEach(each -> each.replaced(image));
                work++;
            }
            while (applied < available) {
                take(log.get(applied), own.remove(applied));
                work++;
            }
            for (Proposal next = failed.poll(); next != null; next = failed.poll()) {
                MetadataUnavailableException why =
                        new MetadataUnavailableException("simulated", new IllegalStateException("simulated"));
                next.parts().forEach(each -> each.done().completeExceptionally(why));
                work++;
            }
            return work;
        }

        private void take(Agreed next, @Nullable Proposal mine) {
            applied++;
            image = next.image();
            for (int i = 0; i < next.outcomes().size(); i++) {
                if (next.outcomes().get(i) instanceof Outcome.Committed committed) {
                    Command command = next.commands().get(i);
                    listeners.forEach(each -> each.applied(committed.image(), command));
                }
            }
            if (mine != null) {
                for (int i = 0; i < mine.parts().size(); i++) {
                    mine.parts().get(i).done().complete(next.outcomes().get(i));
                }
            }
        }

        @Override
        public MetadataImage image() {
            return image;
        }

        @Override
        public boolean isWritable() {
            return leads;
        }

        @Override
        public void listener(Listener listener) {
            listeners.add(listener);
        }

        @Override
        public void close() {
            if (running.get(name) == this) {
                running.remove(name);
            }
        }

        @Override
        public boolean isLeader() {
            return leads;
        }

        @Override
        public @Nullable String leader() {
            return heard.isEmpty() ? null : heard;
        }

        @Override
        public List<String> voters() {
            return available == 0 && !voters.contains(name) ? List.of() : voters;
        }

        @Override
        public boolean isRunning() {
            return running.get(name) == this;
        }

        @Override
        public void startElection() {
            if (leader == null || !hear(this, leader)) {
                leader = null;
                electionNs = Math.min(electionNs, time.nowNs() + random.nextLong(50 * MS, 500 * MS));
            }
        }

        @Override
        public CompletionStage<Void> handOver(String voter, long timeoutMs) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            time.schedule(random.nextLong(50 * MS), () -> {
                Model next = running.get(voter);
                if (leader == this && next != null && hasMajority(next)) {
                    lead(next);
                    done.complete(null);
                } else {
                    done.completeExceptionally(new IOException("simulated"));
                }
            });
            return done;
        }

        @Override
        public CompletionStage<Void> setVoters(List<String> wanted) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            time.schedule(random.nextLong(20 * MS, 200 * MS), () -> {
                boolean able = leader == this && hasMajority(this);
                int heard = 0;
                for (String each : wanted) {
                    Model other = running.get(each);
                    boolean hears = other != null && hear(this, other);
                    able &= hears || voters.contains(each); // only who comes anew has to catch up first
                    heard += hears ? 1 : 0;
                }
                if (able && 2 * heard > wanted.size()) {
                    voters = List.copyOf(wanted);
                    done.complete(null);
                } else {
                    done.completeExceptionally(new IOException("simulated"));
                }
            });
            return done;
        }
    }

    /** The process on that machine is gone. */
    public void crashed(int machine) {
        running.values().removeIf(each -> each.machine == machine);
    }
}
