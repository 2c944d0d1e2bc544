/**
 * Groups listed, described, moved and deleted. Knows only the client's Admin. Start at {@link
 * io.headwater.cli.group.GroupCommand}.
 */
@NullMarked
package io.headwater.cli.group;

import org.jspecify.annotations.NullMarked;
