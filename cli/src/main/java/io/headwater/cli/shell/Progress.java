package io.headwater.cli.shell;

import java.util.function.Supplier;

/** A line on standard error that rewrites itself while a person watches; nothing otherwise. Not thread-safe. */
public final class Progress {
    private static final long INTERVAL_NS = 250_000_000;
    private static final String CLEAR = "\r\u001b[K";

    private final Terminal terminal;
    private final boolean isWatched;
    private long nextNs;
    private boolean shown;

    private Progress(Terminal terminal, boolean isWatched) {
        this.terminal = terminal;
        this.isWatched = isWatched;
        this.nextNs = terminal.nanoClock().getAsLong() + INTERVAL_NS;
    }

    /** For a command that prints nothing else meanwhile. */
    public static Progress alone(Terminal terminal) {
        return new Progress(terminal, terminal.watched().contains(Terminal.ERR));
    }

    /** For a command that prints data: shows nothing where both would stand on the same screen. */
    public static Progress besideData(Terminal terminal) {
        return new Progress(
                terminal,
                terminal.watched().contains(Terminal.ERR) && !terminal.watched().contains(Terminal.OUT));
    }

    /** Shows the line if it is time to. */
    public void tick(Supplier<String> line) {
        if (!isWatched) {
            return;
        }
        long nowNs = terminal.nanoClock().getAsLong();
        if (nowNs - nextNs >= 0) {
            nextNs = nowNs + INTERVAL_NS;
            shown = true;
            terminal.err().print(CLEAR + line.get());
            terminal.err().flush();
        }
    }

    /** Takes the line away, before something lasting is printed. */
    public void clear() {
        if (shown) {
            shown = false;
            terminal.err().print(CLEAR);
            terminal.err().flush();
        }
    }
}
