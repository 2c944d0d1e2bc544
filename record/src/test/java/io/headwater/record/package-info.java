/** Tests of the record module; {@code kafka-clients} is the oracle of the batch format and of the key hash. */
@NullMarked
package io.headwater.record;

import org.jspecify.annotations.NullMarked;
