package io.headwater.cli.cluster;

import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.cli.shell.Output;
import io.headwater.cli.text.JsonLines;
import io.headwater.cli.text.Table;
import io.headwater.protocol.wire.ReplicaMove;
import java.io.IOException;
import java.util.List;

/** How moves of replicas are shown. */
final class MoveText {
    private MoveText() {}

    static void print(List<ReplicaMove> moves, boolean isJson, Output out) {
        if (isJson) {
            JsonLines lines = new JsonLines(out);
            moves.forEach(move -> lines.object(json -> fields(move, json)));
        } else if (!moves.isEmpty()) {
            Table table = new Table("PARTITION", "LEADER", "VOTERS", "NEXT VOTERS", "WHY");
            for (ReplicaMove move : moves) {
                table.row(
                        move.getTopic() + ":" + move.getIndex(),
                        move.getLeader() == 0 ? "-" : Integer.toString(move.getLeader()),
                        ClusterText.ids(move.getFromList()),
                        ClusterText.ids(move.getToList()),
                        move.getWhy().isEmpty() ? "-" : move.getWhy());
            }
            table.lines().forEach(out::line);
        }
    }

    static void fields(ReplicaMove move, JsonGenerator json) throws IOException {
        json.writeStringField("topic", move.getTopic());
        json.writeNumberField("partition", move.getIndex());
        json.writeNumberField("id", move.getPartitionId());
        json.writeNumberField("leader", move.getLeader());
        json.writeStringField("why", move.getWhy());
        ClusterText.ids("voters", move.getFromList(), json);
        ClusterText.ids("nextVoters", move.getToList(), json);
    }
}
