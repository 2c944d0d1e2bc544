package io.headwater.broker.observe;

/**
 * The cluster as this broker's picture of the metadata has it.
 *
 * @param controller whether this broker decides for the cluster
 * @param metadataIndex how far it knows the metadata
 * @param live nodes that are neither fenced nor leaving
 * @param fenced nodes, leaving or not
 * @param draining nodes that are leaving, and alive
 * @param leaderless partitions without a live leader
 * @param shortOfVoters partitions of whose voters not all are live
 * @param changing partitions whose voters are being changed
 * @param recoveries how often an operator has given up what lost voters had
 * @param differing nodes that hold other metadata than this broker, if it is the controller
 */
public record ClusterFigures(
        boolean controller,
        long metadataIndex,
        int live,
        int fenced,
        int draining,
        int leaderless,
        int shortOfVoters,
        int changing,
        int recoveries,
        int differing) {}
