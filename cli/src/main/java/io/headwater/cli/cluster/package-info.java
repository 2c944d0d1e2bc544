/**
 * What operators see of a cluster and do to it. Knows only the client. Start at {@link
 * io.headwater.cli.cluster.ClusterCommand}.
 */
@NullMarked
package io.headwater.cli.cluster;

import org.jspecify.annotations.NullMarked;
