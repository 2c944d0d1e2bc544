/** What tests of every module share. Published as this module's test jar. Start at {@link Seeds}. */
@NullMarked
package io.headwater.record.testing;

import org.jspecify.annotations.NullMarked;
