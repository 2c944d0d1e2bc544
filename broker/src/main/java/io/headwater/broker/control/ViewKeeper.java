package io.headwater.broker.control;

import io.headwater.broker.metadata.GroupInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicInfo;
import io.headwater.broker.partition.Partitions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the view of positions worth believing: at the start it is rebuilt for every log that it does not reflect (after a
 * crash, or because somebody deleted it), at the end it is stamped for every log that was written to.
 */
final class ViewKeeper {
    private static final Logger LOG = LoggerFactory.getLogger(ViewKeeper.class);

    private final Proposals proposals;
    private final Partitions partitions;
    private final PositionsView view;

    ViewKeeper(Proposals proposals, Partitions partitions, PositionsView view) {
        this.proposals = proposals;
        this.partitions = partitions;
        this.view = view;
    }

    /** Completes, in the background, when every partition that can be read is in the view. */
    CompletionStage<Integer> refresh() {
        if (proposals.image().groupCount() == 0) {
            // Nobody has a position; RocksDB is not even opened.
            return CompletableFuture.completedStage(0);
        }
        List<PartitionInfo> stale = new ArrayList<>();
        for (TopicInfo topic : proposals.image().topics()) {
            for (PartitionInfo partition : topic.partitions()) {
                if (view.closed(partition.partitionId()) == null) {
                    stale.add(partition);
                }
            }
        }
        return FanOut.gather(stale, this::refresh).thenApply(answers -> {
            int failed = 0;
            for (FanOut.Answer<Boolean> answer : answers) {
                failed += answer.failure() == null ? 0 : 1;
            }
            if (failed > 0) {
                LOG.warn("view of group positions: {} partitions could not be read", failed);
            }
            return answers.size() - failed;
        });
    }

    private CompletionStage<Boolean> refresh(PartitionInfo partition) {
        return partitions.positions(partition).thenApply(truth -> {
            List<Integer> groups =
                    proposals.image().groups().stream().map(GroupInfo::id).toList();
            view.replace(partition.partitionId(), truth, groups);
            // What deleted groups left behind, because the broker stopped before it could clean up.
            truth.positions().stream()
                    .map(Partitions.PositionsSnapshot.Committed::groupId)
                    .filter(group -> !groups.contains(group))
                    .forEach(group -> partitions.forgetGroup(partition, group));
            return true;
        });
    }
}
