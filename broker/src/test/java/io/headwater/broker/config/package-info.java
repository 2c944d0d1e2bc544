@NullMarked
package io.headwater.broker.config;

import org.jspecify.annotations.NullMarked;
