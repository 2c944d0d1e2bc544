package io.headwater.broker.control;

import io.headwater.broker.observe.Vitals;

/** The control agent without its thread. */
public final class SteppedControl {
    private SteppedControl() {}

    public static Vitals vitals() {
        return new ControlWorld.FakeVitals();
    }

    /** What its thread does before its first turn. */
    public static void begin(ControlAgent agent) {
        agent.begin();
    }
}
