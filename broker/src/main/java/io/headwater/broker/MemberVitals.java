package io.headwater.broker;

import io.headwater.broker.cluster.ClusterMetadata;
import io.headwater.broker.cluster.OperatorDesk;
import io.headwater.broker.control.ClusterPicture;
import io.headwater.broker.copy.SegmentTraffic;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.observe.ClusterFigures;
import io.headwater.broker.observe.ClusterVitals;
import io.headwater.broker.observe.PeerFigures;
import io.headwater.broker.observe.ReplicationFigures;
import io.headwater.broker.observe.SegmentFigures;
import io.headwater.broker.peer.PeerSide;
import io.headwater.broker.shard.Owners;
import io.headwater.broker.shard.ShardGauges;
import io.headwater.protocol.wire.ClusterDescription;
import io.headwater.protocol.wire.ClusterNode;
import java.util.List;

/** Reads what the rooms of a member count. */
final class MemberVitals implements ClusterVitals {
    private final Owners owners;
    private final ClusterMetadata metadata;
    private final PeerSide peers;
    /** Of the metadata that were there when somebody last asked. */
    private volatile ClusterDescription counted = ClusterDescription.getDefaultInstance();

    MemberVitals(Owners owners, ClusterMetadata metadata, PeerSide peers) {
        this.owners = owners;
        this.metadata = metadata;
        this.peers = peers;
    }

    @Override
    public ClusterFigures cluster() {
        MetadataImage image = metadata.image();
        ClusterDescription picture = counted;
        if (picture.getMetadataIndex() != image.appliedIndex()) {
            picture = new ClusterPicture(image).describe().build();
            counted = picture;
        }
        OperatorDesk desk = metadata.operators();
        int fenced = 0;
        int draining = 0;
        for (ClusterNode node : picture.getNodesList()) {
            fenced += node.getFenced() ? 1 : 0;
            draining += node.getDraining() && !node.getFenced() ? 1 : 0;
        }
        return new ClusterFigures(
                metadata.isController(),
                image.appliedIndex(),
                picture.getNodesCount() - fenced - draining,
                fenced,
                draining,
                picture.getLeaderless(),
                picture.getShortOfVoters(),
                picture.getChanging(),
                picture.getRecoveriesCount(),
                desk == null ? 0 : desk.differing().size());
    }

    @Override
    public ReplicationFigures replication() {
        return owners.gauges().stream()
                .map(ShardGauges::replication)
                .reduce(ReplicationFigures.NONE, ReplicationFigures::plus);
    }

    @Override
    public SegmentFigures segments() {
        SegmentTraffic traffic = owners.segments();
        return new SegmentFigures(
                traffic.filling(), traffic.givenBytes(), traffic.takenBytes(), traffic.takenSegments());
    }

    @Override
    public List<PeerFigures> peers() {
        return peers.figures();
    }
}
