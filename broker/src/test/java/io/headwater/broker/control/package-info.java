@NullMarked
package io.headwater.broker.control;

import org.jspecify.annotations.NullMarked;
