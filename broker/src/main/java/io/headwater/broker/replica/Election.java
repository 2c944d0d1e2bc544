package io.headwater.broker.replica;

import io.headwater.broker.replica.ControllerMessage.SealReport;
import io.headwater.broker.replica.Rules.Rule;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The reports on one sealed epoch, and who is to lead it. */
final class Election {
    private static final long NOT_YET = -1;
    private static final Comparator<SealReport> MOST_COMPLETE =
            Comparator.comparingInt(SealReport::lastEpoch).thenComparingLong(SealReport::endIndex);
    private static final Comparator<SealReport> LONGEST = Comparator.comparingLong(SealReport::endIndex);

    private final Quorums quorums;
    private final Rules rules;
    private final Comparator<SealReport> order;
    private final long preferMs;
    private final Map<ReplicaId, SealReport> reports = new LinkedHashMap<>();
    private long decidableMs = NOT_YET;
    private boolean proposed;

    Election(Quorums quorums, Rules rules, long preferMs) {
        this.quorums = quorums;
        this.rules = rules;
        this.order = rules.hold(Rule.LAST_EPOCH_BEFORE_LENGTH) ? MOST_COMPLETE : LONGEST;
        this.preferMs = preferMs;
    }

    /** Another epoch, or everybody is to be asked anew. */
    void forget() {
        reports.clear();
        decidableMs = NOT_YET;
        proposed = false;
    }

    void add(SealReport report) {
        SealReport known = reports.get(report.replica());
        if (known == null || known.incarnation() < report.incarnation()) {
            reports.put(report.replica(), report);
        }
    }

    boolean hasReportOf(ReplicaId replica) {
        return reports.containsKey(replica);
    }

    List<SealReport> reports() {
        return List.copyOf(reports.values());
    }

    boolean hasProposed() {
        return proposed;
    }

    /** @param mayLose too few are sure to have all that they acknowledged */
    record Choice(SealReport best, boolean mayLose) {}

    /**
     * The replica to propose, once. Only the most complete log may lead (R5); among equals the preferred leader does, for
     * whose report a decision waits a moment. Those that may lack their tails do not count. If too few are left without them,
     * and nobody is there that has not been heard, then nobody can ever say more: the most complete of all leads, and what it
     * does not have is lost (R19).
     */
    Optional<Choice> decide(Configuration configuration, long nowMs) {
        boolean mayLose = !quorums.isSealed(configuration, this::isSure);
        if (proposed || (mayLose && !isHeardOut(configuration))) {
            return Optional.empty();
        }
        if (decidableMs == NOT_YET) {
            decidableMs = nowMs;
        }
        ReplicaId preferred = configuration.preferredLeader();
        SealReport favoured = reports.get(preferred);
        if (favoured == null && nowMs - decidableMs < preferMs) {
            return Optional.empty();
        }
        proposed = true;
        return reports.values().stream()
                .filter(report -> configuration.isVoter(report.replica()) && (mayLose || !report.lacksTail()))
                .max(order.thenComparing(report -> report.replica().equals(preferred)))
                .map(best -> new Choice(best, mayLose));
    }

    private boolean isSure(ReplicaId voter) {
        SealReport report = reports.get(voter);
        return report != null && !report.lacksTail();
    }

    private boolean isHeardOut(Configuration configuration) {
        return rules.hold(Rule.LOSS_IS_SAID_BY_ALL)
                ? reports.keySet().containsAll(configuration.allVoters())
                : quorums.isSealed(configuration, reports::containsKey);
    }
}
