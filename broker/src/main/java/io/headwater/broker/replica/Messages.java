package io.headwater.broker.replica;

/** The port to other nodes. A message may be late, lost, doubled or overtaken. Nothing is sent back within a call. */
public interface Messages {
    void send(int node, ReplicaMessage message);

    /** To the controller that asked: there may be two. */
    void answer(int controllerNode, ControllerMessage.SealReport report);

    /** To whom this node takes for the controller. */
    void tellController(ControllerMessage message);
}
