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
    /** Another than who says nothing is looked for so long, before that one is asked all the same. */
    private static final long LONELY_NS = 1_000_000_000;
    /** Who was not looked for in so long may have come back. */
    private static final long OUTDATED_NS = 2 * LONELY_NS;

    private final Cluster cluster;
    private final List<Endpoint> seeds;
    private final Set<Endpoint> failedSeeds = new HashSet<>();
    private int next;
    private boolean everFound;
    /** Since when nobody was found who says something. */
    private long lonelyNs;
    /** When such a one was looked for last; only while {@link #isLonely}. */
    private long lookedNs;

    private boolean isLonely;
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
     * A session that is ready; null: there is none yet, and one is looked for. In a cluster that is one that says something,
     * if there is one: what is asked of another waits for it until its connection is given up, if it is not well.
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
            if (session.isReady() && (found == null || isBetter(session, found))) {
                found = session;
            }
        }
        if (found == null || found.isSilent()) {
            boolean isOther = connect();
            if (found != null && cluster.isCluster() && isOther && !isLonelyForLong()) {
                return null;
            }
        }
        if (found != null) {
            home = found;
            found.use();
        }
        return found;
    }

    /** Of those that say nothing, who was heard last is the most likely one to be well. */
    private static boolean isBetter(Session session, Session than) {
        return than.isSilent() && (!session.isSilent() || session.heardNs() > than.heardNs());
    }

    /** Who waits for a majority is well and says nothing, but for what it is asked: it shall not be waited for each time. */
    private boolean isLonelyForLong() {
        long nowNs = cluster.loop().nowNs();
        if (!isLonely || nowNs - lookedNs > OUTDATED_NS) {
            isLonely = true;
            lonelyNs = nowNs;
        }
        lookedNs = nowNs;
        return nowNs - lonelyNs > LONELY_NS;
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

    /** False: there is no address but one. */
    private boolean connect() {
        List<Endpoint> all = new ArrayList<>(seeds);
        cluster.nodes().forEach(endpoint -> {
            if (!all.contains(endpoint)) {
                all.add(endpoint);
            }
        });
        for (Session session : cluster.sessions()) {
            long tryingNs = session.tryingNs();
            if (tryingNs >= 0 && tryingNs < SLOW_NS) {
                return true;
            }
        }
        for (int i = 0; i < all.size(); i++) {
            int at = (next + i) % all.size();
            Session session = cluster.session(all.get(at));
            if (session.isIdle()) {
                next = at + 1;
                session.connect();
                break;
            }
        }
        return all.size() > 1;
    }

    void found() {
        everFound = true;
        isLonely = false;
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
