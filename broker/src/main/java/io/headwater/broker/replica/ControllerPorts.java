package io.headwater.broker.replica;

/** The ports of a controller. Nothing of it is answered: what came of it shows in a later view. */
public interface ControllerPorts {
    void propose(MetadataCommand command);

    /** Arrives as {@link Replica#onSealRequest}. */
    void requestSeal(int node, long partition, int epoch);

    /**
     * Arrives as {@link Replica#onTransferRequest}.
     *
     * @param to the node that is to lead; 0: any voter's
     */
    void requestTransfer(int node, long partition, int epoch, int to);
}
