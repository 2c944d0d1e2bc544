package io.headwater.broker.replica;

/** What a replica says to the controller. All but the report is repeated until the metadata shows that it was heard. */
public sealed interface ControllerMessage {
    int epoch();

    void deliverTo(Controller controller, long partition);

    /**
     * I take nothing of older epochs any more, and what I have is on disk and ends like this.
     *
     * @param lack what it may lack of that; {@link Lack#ANYTHING}: all of it, and whoever leads must not end before it
     */
    record SealReport(int epoch, ReplicaId replica, long incarnation, int lastEpoch, long endIndex, Lack lack)
            implements ControllerMessage {
        /** Of one that has all that it ever acknowledged. */
        public SealReport(int epoch, ReplicaId replica, long incarnation, int lastEpoch, long endIndex) {
            this(epoch, replica, incarnation, lastEpoch, endIndex, Lack.NOTHING);
        }

        LogEnd end() {
            return new LogEnd(lastEpoch, endIndex);
        }

        @Override
        public void deliverTo(Controller controller, long partition) {
            controller.onSealReport(partition, this);
        }
    }

    /** The learner has everything that is committed. */
    record LearnerReady(int epoch, ReplicaId learner) implements ControllerMessage {
        @Override
        public void deliverTo(Controller controller, long partition) {
            controller.onLearnerReady(partition, this);
        }
    }

    /** The mark of this joint configuration is committed under both of its sets. */
    record MarkCommitted(int epoch, int configurationVersion) implements ControllerMessage {
        @Override
        public void deliverTo(Controller controller, long partition) {
            controller.onMarkCommitted(partition, this);
        }
    }

    /** I have stopped appending, and this voter has everything on its disk. */
    record TransferReady(int epoch, ReplicaId to, long incarnation) implements ControllerMessage {
        @Override
        public void deliverTo(Controller controller, long partition) {
            controller.onTransferReady(partition, this);
        }
    }

    /** I have stopped appending, and the transfer did not work. */
    record SealWanted(int epoch) implements ControllerMessage {
        @Override
        public void deliverTo(Controller controller, long partition) {
            controller.onSealWanted(partition, this);
        }
    }
}
