/**
 * Records become lines. Start at {@link io.headwater.cli.consume.ConsumeCommand}.
 */
@NullMarked
package io.headwater.cli.consume;

import org.jspecify.annotations.NullMarked;
