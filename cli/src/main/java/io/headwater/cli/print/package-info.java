/**
 * A record as bytes, as JSON, and for people. Start at {@link io.headwater.cli.print.RecordFormat}.
 */
@NullMarked
package io.headwater.cli.print;

import org.jspecify.annotations.NullMarked;
