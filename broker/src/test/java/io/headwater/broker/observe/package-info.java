@NullMarked
package io.headwater.broker.observe;

import org.jspecify.annotations.NullMarked;
