/**
 * What the cluster agrees on: nodes, topics, partitions with their replicas, leaders and epochs, producer ids, groups. {@link
 * io.headwater.broker.metadata.MetadataImage} is an immutable picture of it, {@link
 * io.headwater.broker.metadata.MetadataMachine} the pure function that makes the next picture from a command, and {@link
 * io.headwater.broker.metadata.MetadataQuorum} the port to the log that orders the commands; {@link
 * io.headwater.broker.metadata.LocalQuorum} is that log for a cluster of one.
 *
 * <p>Knows no connection, no partition log, no thread and no clock. Start reading at {@code MetadataMachine}, which hands
 * each command to the class of its subject: {@code NodeCommands}, {@code TopicCommands}, {@code LeaderCommands}, {@code
 * VoterCommands}, {@code GroupCommands}. {@code Placement} says where new replicas go.
 */
@NullMarked
package io.headwater.broker.metadata;

import org.jspecify.annotations.NullMarked;
