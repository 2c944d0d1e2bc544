package io.headwater.broker.net;

/** A connection without a socket, which is always open and takes everything; it is not posted anything. */
public abstract class TestConnection implements Connection {
    private final long id;
    private final String clientName;

    protected TestConnection(long id, String clientName) {
        this.id = id;
        this.clientName = clientName;
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public String address() {
        return "127.0.0.1:" + (1000 + id);
    }

    @Override
    public String clientName() {
        return clientName;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void post(Outgoing frame) {
        throw new AssertionError(frame.toString());
    }

    @Override
    public void wake() {}

    @Override
    public boolean mayDeliver() {
        return true;
    }

    @Override
    public void finished(int attachmentBytes) {}
}
