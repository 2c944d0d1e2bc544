/**
 * Reads a data directory offline, through storage's verifier and dumper. Start at {@link
 * io.headwater.cli.log.LogCommand}.
 */
@NullMarked
package io.headwater.cli.log;

import org.jspecify.annotations.NullMarked;
