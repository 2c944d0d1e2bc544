package io.headwater.client;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Finds a broker that can be asked what any can be, and stays with it while it answers. Tries the addresses that were
 * given, and those of the cluster, in turn; one that takes long gets company. On the loop.
 */
final class Search {
    /** Who has not answered after this is given company. */
    static final long SLOW_NS = 250_000_000;

    private final Cluster cluster;
    private final List<Endpoint> seeds;
    private final Set<Endpoint> failedSeeds = new HashSet<>();
    private int next;
    private boolean everFound;
    private @Nullable Session home;
    private String lastFailure = "not connected yet";
    private @Nullable HeadwaterException refusal;

    Search(Cluster cluster, List<Endpoint> seeds, RandomGenerator random) {
        this.cluster = cluster;
        this.seeds = List.copyOf(seeds);
        // Many clients with the same list do not all begin with the same broker.
        this.next = seeds.size() > 1 ? random.nextInt(seeds.size()) : 0;
    }

    /**
     * A session that is ready; null: there is none yet, and one is looked for. In a cluster that is one that says something:
     * what is asked of another would wait for it until its connection is given up.
     */
    @Nullable
    Session any() {
        Session known = home;
        if (known != null && known.isReady() && !known.isSilent()) {
            known.use();
            return known;
        }
        Session found = null;
        for (Session session : cluster.sessions()) {
            if (session.isReady() && (found == null || (found.isSilent() && !session.isSilent()))) {
                found = session;
            }
        }
        if (found == null || found.isSilent()) {
            connect();
            if (cluster.isCluster()) {
                return null;
            }
        }
        if (found != null) {
            home = found;
            found.use();
        }
        return found;
    }

    boolean isReady() {
        for (Session session : cluster.sessions()) {
            if (session.isReady()) {
                return true;
            }
        }
        return false;
    }

    boolean isHome(Session session) {
        return session == home;
    }

    /** Whoever is asked from now on is not this one, if there is another: what it says does not help. */
    void leaveHome() {
        Session left = home;
        Session other = null;
        boolean isBehind = false;
        for (Session session : cluster.sessions()) {
            if (session == left) {
                isBehind = true;
            } else if (session.isReady() && !session.isSilent() && (other == null || isBehind)) {
                other = session;
                if (isBehind) {
                    break;
                }
            }
        }
        if (other == null) {
            connect();
        } else {
            home = other;
        }
    }

    private void connect() {
        List<Endpoint> all = new ArrayList<>(seeds);
        cluster.nodes().forEach(endpoint -> {
            if (!all.contains(endpoint)) {
                all.add(endpoint);
            }
        });
        for (Session session : cluster.sessions()) {
            long tryingNs = session.tryingNs();
            if (tryingNs >= 0 && tryingNs < SLOW_NS) {
                return;
            }
        }
        for (int i = 0; i < all.size(); i++) {
            int at = (next + i) % all.size();
            Session session = cluster.session(all.get(at));
            if (session.isIdle()) {
                next = at + 1;
                session.connect();
                return;
            }
        }
    }

    void found() {
        everFound = true;
    }

    void ended(Session session) {
        lastFailure = session.lastFailure();
        refusal = session.refusal();
        if (everFound) {
            if (cluster.isNeeded()) {
                any();
            }
            return;
        }
        failedSeeds.add(session.endpoint());
        if (failedSeeds.containsAll(seeds)) {
            failedSeeds.clear();
            cluster.failWaiting(unreachable());
        } else {
            any();
        }
    }

    String lastFailure() {
        return lastFailure;
    }

    String unreachableText() {
        return "broker at " + cluster.settings().server() + " cannot be reached: " + lastFailure;
    }

    HeadwaterException unreachable() {
        HeadwaterException refused = refusal;
        return refused == null ? new HeadwaterException.Retriable(WireErrors.UNREACHABLE, unreachableText()) : refused;
    }
}
