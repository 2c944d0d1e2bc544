/** The bytes everyone agrees on. */
@NullMarked
package io.headwater.record;

import org.jspecify.annotations.NullMarked;
