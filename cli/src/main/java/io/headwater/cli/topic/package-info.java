/**
 * Topics made, listed, described, changed and deleted. Knows only the client's Admin. Start at {@link
 * io.headwater.cli.topic.TopicCommand}.
 */
@NullMarked
package io.headwater.cli.topic;

import org.jspecify.annotations.NullMarked;
