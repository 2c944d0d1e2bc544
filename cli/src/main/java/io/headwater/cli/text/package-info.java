/**
 * Text to values and back: durations, sizes, times, positions, tables, JSON lines. Pure; knows neither commands nor the
 * network. Start at {@link io.headwater.cli.text.Human}.
 */
@NullMarked
package io.headwater.cli.text;

import org.jspecify.annotations.NullMarked;
