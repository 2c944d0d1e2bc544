package io.headwater.broker.replica;

/**
 * The greatest epoch that this replica has promised itself to: it takes nothing of older ones (R2). It binds at once;
 * an answer that rests on it must wait until it is durable, or a crash would take it back.
 */
final class Promise {
    private final Promises store;
    private final Rules rules;
    private int made;
    private int durable;

    Promise(int durable, Promises store, Rules rules) {
        this.store = store;
        this.rules = rules;
        this.made = durable;
        this.durable = durable;
    }

    boolean admits(int epoch) {
        return epoch >= made;
    }

    void make(int epoch) {
        if (epoch <= made) {
            return;
        }
        made = epoch;
        if (rules.hold(Rules.Rule.PROMISE_IS_DURABLE)) {
            store.store(epoch);
        } else {
            durable = epoch;
        }
    }

    void onDurable(int epoch) {
        durable = Math.max(durable, epoch);
    }

    boolean isDurable(int epoch) {
        return durable >= epoch;
    }
}
