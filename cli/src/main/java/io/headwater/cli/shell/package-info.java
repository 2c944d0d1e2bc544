/**
 * What every command needs from its surroundings: streams, clocks, interruption, the shared options, and failures with
 * an exit code. Knows nothing of any single command. Start at {@link io.headwater.cli.shell.Terminal}.
 */
@NullMarked
package io.headwater.cli.shell;

import org.jspecify.annotations.NullMarked;
