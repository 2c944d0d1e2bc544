package io.headwater.broker.replica;

/** All that a replica can do to the world. */
public record ReplicaPorts(ReplicaLog log, Promises promises, Messages messages, ReplicaOwner owner) {}
