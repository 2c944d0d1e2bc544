package io.headwater.client;

/** By what the broker recognises a batch that it has seen before, together with a sequence. */
record ProducerIdentity(long id, short epoch) {}
