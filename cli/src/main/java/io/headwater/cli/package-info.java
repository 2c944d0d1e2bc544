/**
 * The {@code headwater} command: parses arguments, calls the other modules, prints. It decides nothing about records.
 * Start at {@link io.headwater.cli.Headwater}; each subcommand is one class in the package named after its noun.
 */
@NullMarked
package io.headwater.cli;

import org.jspecify.annotations.NullMarked;
