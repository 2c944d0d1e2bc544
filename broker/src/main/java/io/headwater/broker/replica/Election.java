package io.headwater.broker.replica;

import io.headwater.broker.replica.ControllerMessage.SealReport;
import io.headwater.broker.replica.Rules.Rule;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The reports on one sealed epoch, and who is to lead it. */
final class Election {
    private static final long NOT_YET = -1;
    private static final Comparator<SealReport> MOST_COMPLETE = Comparator.comparing(SealReport::end);
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

    /** Of those that have what they report. */
    List<SealReport> reports() {
        return reports.values().stream()
                .filter(report -> report.lack() != Lack.ANYTHING)
                .toList();
    }

    boolean hasProposed() {
        return proposed;
    }

    /** @param mayLose too few are sure to have all that they acknowledged */
    record Choice(SealReport best, boolean mayLose) {}

    /**
     * The replica to propose, once. Only the most complete log may lead (R5); among equals the preferred leader does, for
     * whose report a decision waits a moment. Those that may lack their tails do not count, and those that heal only for one
     * that has all that they had. If too few are left then, and nobody is there that has not been heard, nobody can ever say
     * more: the most complete of all leads, and what it does not have is lost (R19).
     *
     * @param lost nobody waits for this one; null: there is none
     */
    Optional<Choice> decide(Configuration configuration, @Nullable ReplicaId lost, long nowMs) {
        Optional<SealReport> sure = best(configuration, false);
        boolean mayLose =
                sure.isEmpty() || !quorums.isSealed(configuration, voter -> isSure(reports.get(voter), sure.get()));
        if (proposed || (mayLose && !isHeardOut(configuration))) {
            return Optional.empty();
        }
        if (decidableMs == NOT_YET) {
            decidableMs = nowMs;
        }
        ReplicaId preferred = configuration.preferredLeader();
        boolean mayReport = !reports.containsKey(preferred) && !preferred.equals(lost);
        if (mayReport && nowMs - decidableMs < preferMs) {
            return Optional.empty();
        }
        proposed = true;
        return (mayLose ? best(configuration, true) : sure).map(best -> new Choice(best, mayLose));
    }

    private Optional<SealReport> best(Configuration configuration, boolean mayLackTail) {
        ReplicaId preferred = configuration.preferredLeader();
        return reports().stream()
                .filter(report ->
                        configuration.isVoter(report.replica()) && (mayLackTail || report.lack() == Lack.NOTHING))
                .max(order.thenComparing(report -> report.replica().equals(preferred)));
    }

    /** Whether this voter has acknowledged nothing that this log may lack. */
    private boolean isSure(@Nullable SealReport report, SealReport best) {
        if (report == null || report.lack() == Lack.TAIL) {
            return false;
        }
        return report.lack() == Lack.NOTHING
                || report.end().compareTo(best.end()) <= 0
                || !rules.hold(Rule.HEALING_ASKS_FOR_WHAT_IT_HAD);
    }

    private boolean isHeardOut(Configuration configuration) {
        return rules.hold(Rule.LOSS_IS_SAID_BY_ALL)
                ? configuration.allVoters().stream().allMatch(this::saysWhatItHas)
                : quorums.isSealed(configuration, this::saysWhatItHas);
    }

    private boolean saysWhatItHas(ReplicaId voter) {
        SealReport report = reports.get(voter);
        return report != null && report.lack() != Lack.ANYTHING;
    }
}
