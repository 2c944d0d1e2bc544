/**
 * What the operator may set. {@link io.headwater.broker.config.BrokerConfig} is the immutable, validated tree that the
 * rest of the broker gets; {@link io.headwater.broker.config.Knob} lists every setting once, with its default, reason and
 * danger; {@link io.headwater.broker.config.ConfigLoader} reads them from a TOML file, the environment and flags.
 *
 * <p>Knows nothing of the rooms that use it. Start reading at {@code BrokerConfig}.
 */
@NullMarked
package io.headwater.broker.config;

import org.jspecify.annotations.NullMarked;
