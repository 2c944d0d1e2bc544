package io.headwater.cli.shell;

import io.headwater.client.HeadwaterException;

/** Turns what the client reports into what a person at a shell can act on. */
public final class ClientFailure {
    private ClientFailure() {}

    /** The message, and what to do; {@code server}: who was asked, or empty. */
    public static String explain(HeadwaterException e, String server) {
        String message = String.valueOf(e.getMessage());
        String advice = switch (e.code()) {
            case "UNREACHABLE", "CONNECTION_LOST" ->
                "start one with: headwater serve, or name another with --server " + "(asked: " + server + ")";
            case "NOT_LEADER", "NOT_CONTROLLER" -> "headwater topic describe shows who leads; --timeout waits longer";
            case "TIMEOUT" -> "is " + server + " a Headwater broker, and awake? --timeout waits longer";
            case "TOPIC_EXISTS" -> "--if-not-exists accepts an existing one";
            case "UNKNOWN_GROUP" -> "headwater group list shows the groups";
            case "GROUP_NOT_EMPTY" -> "stop its consumers first";
            case "QUEUE_FULL" ->
                "headwater queue list shows who is not done; topic alter --max-records or --max-bytes moves the limit";
            case "MOVE_UNDECIDED" -> "headwater queue describe says how far it is; the others can be moved then";
            case "DISK_FULL" -> "writing works again as soon as there is space";
            case "METADATA_UNAVAILABLE" ->
                "headwater cluster status shows whether more than half of the voters are alive; one broker alone needs"
                        + " a disk that takes its writes";
            case "PARTITION_OFFLINE", "CORRUPT_LOG" -> "headwater status and the broker's log say why";
            case "OVERLOADED", "SHUTTING_DOWN" -> "try again";
            default -> "";
        };
        String unknown = e instanceof HeadwaterException.OutcomeUnknown ? "; it may or may not have taken effect" : "";
        return message + unknown + (advice.isEmpty() ? "" : "\n  " + advice);
    }
}
