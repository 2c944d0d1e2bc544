package io.headwater.broker.replica;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What replicas and controllers do where one of the {@link Rules} does not hold, for simulations of other rooms. */
public record Mutation(ReplicaSettings replica, ControllerSettings controller) {
    /** The names of the rules that can be switched off here. */
    public static List<String> names() {
        return Arrays.stream(Rules.Rule.values())
                // Kept by whoever makes directories and opens logs; nothing is seen of it at level persisted; or where
                // one
                // machine only spoils bits.
                .filter(rule -> rule != Rules.Rule.NEW_DISK_NEW_REPLICA
                        && rule != Rules.Rule.LOST_TAIL_IS_SUSPECT
                        && rule != Rules.Rule.LOSS_IS_SAID_BY_ALL
                        && rule != Rules.Rule.HEALING_ASKS_FOR_WHAT_IT_HAD)
                .map(Enum::name)
                .toList();
    }

    /**
     * The same settings without that rule.
     *
     * @param rule null: all hold
     */
    public static Mutation without(@Nullable String rule, int windowBytes, int frameBytes) {
        Rules rules = rule == null ? Rules.ALL : Rules.without(Rules.Rule.valueOf(rule));
        ReplicaSettings replica = ReplicaSettings.DEFAULTS;
        ControllerSettings controller = ControllerSettings.DEFAULTS;
        return new Mutation(
                new ReplicaSettings(
                        windowBytes,
                        frameBytes,
                        replica.resendMs(),
                        replica.commitDelayMs(),
                        replica.handoverMs(),
                        rules),
                new ControllerSettings(controller.preferMs(), controller.retryMs(), rules));
    }
}
