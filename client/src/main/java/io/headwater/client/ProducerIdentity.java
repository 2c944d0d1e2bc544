package io.headwater.client;

/**
 * By what the broker recognises a batch that it has seen before, together with a sequence. The id is given by the broker
 * to this producer alone. The epoch is the producer's to raise, for each partition by itself.
 */
record ProducerIdentity(long id, short epoch) {
    boolean isLastEpoch() {
        return epoch == Short.MAX_VALUE;
    }

    ProducerIdentity inNextEpoch() {
        return new ProducerIdentity(id, (short) (epoch + 1));
    }
}
