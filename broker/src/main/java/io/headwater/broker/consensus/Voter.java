package io.headwater.broker.consensus;

import io.headwater.broker.metadata.MetadataQuorum;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The metadata log on a broker that has a vote about it: what is agreed on, and who leads those who agree. */
public interface Voter extends MetadataQuorum {
    /** Whether this voter leads, and may propose. Any thread. */
    boolean isLeader();

    /** The voter that leads, as far as this one knows; null: nobody. Any thread. */
    @Nullable
    String leader();

    /** The voters, as far as this one knows; none: it was never told. Any thread. */
    List<String> voters();

    /** False when it has stopped by itself: it is a voter no longer, or cannot go on. Any thread. */
    boolean isRunning();

    /**
     * Whether it has stopped because its log could not be written. What it agreed to is on the disk: started again when there
     * is room, it goes on. Any thread.
     */
    boolean isBroken();

    /**
     * Asks for votes at once, because whoever leads is gone for all that is known; otherwise that waits until nothing was
     * heard of it for some seconds. Where it is not gone, the lead changes and nothing else.
     */
    void startElection();

    /**
     * Lets this voter lead, if this one does. Any thread.
     *
     * @return completed on some thread when it leads, exceptionally if it does not within the time
     */
    CompletionStage<Void> handOver(String voter, long timeoutMs);

    /**
     * Makes these the voters, by a joint change; asked of the leader only. New ones must run, and are brought up first.
     *
     * @return completed on some thread; exceptionally: it may have happened or not
     */
    CompletionStage<Void> setVoters(List<String> voters);
}
