package io.headwater.broker.replica;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Gives partitions leaders and changes their voters. It decides nothing alone: it proposes, and the metadata takes it or
 * not. What it knows besides the metadata is soft: a controller that starts anew, or a second one that thinks it is the
 * only one, costs time and nothing else.
 *
 * <p>One thread calls it. Whether a node is alive is for others to say.
 */
public final class Controller {
    private final ControllerPorts ports;
    private final ControllerSettings settings;
    private final Rules rules;
    private final SortedMap<Long, PartitionCare> partitions = new TreeMap<>();

    public Controller(ControllerPorts ports, ControllerSettings settings) {
        this(ports, settings, settings.rules());
    }

    Controller(ControllerPorts ports, ControllerSettings settings, Rules rules) {
        this.ports = ports;
        this.settings = settings;
        this.rules = rules;
    }

    /** An older view than the last one is ignored. */
    public void onView(long partition, PartitionView view) {
        PartitionCare care = partitions.get(partition);
        if (care == null) {
            partitions.put(partition, new PartitionCare(partition, view, ports, settings, rules));
        } else {
            care.onView(view);
        }
    }

    /** The partition is gone, or another controller's business. */
    public void forget(long partition) {
        partitions.remove(partition);
    }

    /** A node in this incarnation leads no longer: dead, restarted, cut off or stuck. Being wrong costs a failover. */
    public void onNodeLost(int node, long incarnation) {
        partitions.values().forEach(care -> care.onNodeLost(node, incarnation));
    }

    /** Ends the present epoch of one partition, whoever leads it. */
    public void seal(long partition) {
        care(partition).proposeSeal();
    }

    /**
     * The leader is to hand over.
     *
     * @param to the node of a voter, which gets it if it has everything soon; 0: whoever has everything first
     */
    public void transfer(long partition, int to) {
        care(partition).requestTransfer(to);
    }

    /** These are to be the voters, the preferred leader first. Takes as long as it takes; a later call replaces it. */
    public void move(long partition, List<ReplicaId> voters) {
        care(partition).move(voters);
    }

    /** Nothing is to be moved; a change under way is taken back if it is not finished by then. */
    public void abortMove(long partition) {
        care(partition).abortMove();
    }

    /** How the copies end that were asked in the present epoch and have answered; none: it is not being sealed. */
    public List<ControllerMessage.SealReport> reports(long partition) {
        PartitionCare care = partitions.get(partition);
        return care == null ? List.of() : care.reports();
    }

    public void receive(long partition, ControllerMessage message) {
        if (partitions.containsKey(partition)) {
            message.deliverTo(this, partition);
        }
    }

    /** Asks again for what has not come about. */
    public void tick(long nowMs) {
        partitions.values().forEach(care -> care.tick(nowMs));
    }

    void onSealReport(long partition, ControllerMessage.SealReport report) {
        care(partition).onSealReport(report);
    }

    void onLearnerReady(long partition, ControllerMessage.LearnerReady ready) {
        care(partition).onLearnerReady(ready);
    }

    void onMarkCommitted(long partition, ControllerMessage.MarkCommitted mark) {
        care(partition).onMarkCommitted(mark);
    }

    void onTransferReady(long partition, ControllerMessage.TransferReady ready) {
        care(partition).onTransferReady(ready);
    }

    void onSealWanted(long partition, ControllerMessage.SealWanted wanted) {
        care(partition).onSealWanted(wanted);
    }

    private PartitionCare care(long partition) {
        PartitionCare care = partitions.get(partition);
        if (care == null) {
            throw new IllegalArgumentException("partition: " + partition + " (expected: one that has a view)");
        }
        return care;
    }
}
