/**
 * Lines become records: a reader thread sends, the command's thread counts acknowledgements. Start at {@link
 * io.headwater.cli.produce.ProduceCommand}.
 */
@NullMarked
package io.headwater.cli.produce;

import org.jspecify.annotations.NullMarked;
