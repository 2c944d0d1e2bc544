package io.headwater.cli.print;

import io.headwater.cli.shell.Output;
import io.headwater.cli.text.Human;
import io.headwater.client.ConsumedRecord;
import io.headwater.client.QueueRecord;
import io.headwater.record.RecordHeader;

/** Two lines for a person: where and when, then the value; of a record that has a lease, a third with its token. */
final class PrettyFormat implements RecordFormat {
    private final Output out;

    PrettyFormat(Output out) {
        this.out = out;
    }

    @Override
    public void write(ConsumedRecord record) {
        StringBuilder head = new StringBuilder()
                .append(record.topic())
                .append('/')
                .append(record.partition())
                .append(" @")
                .append(record.offset())
                .append("  ")
                .append(Human.timeMs(record.eventTimeMs()));
        long delayMs = record.ingestionTimeMs() - record.eventTimeMs();
        if (delayMs != 0) {
            head.append(delayMs > 0 ? "  +" : "  ").append(Human.duration(delayMs));
        }
        if (record.key() != null) {
            head.append("  key ").append(BytesText.shown(record.key()));
        }
        for (RecordHeader header : record.headers()) {
            head.append("  ")
                    .append(BytesText.escaped(header.name()))
                    .append('=')
                    .append(BytesText.shown(header.value()));
        }
        out.line(head.toString());
        out.line("  " + BytesText.shown(record.value()));
        if (record instanceof QueueRecord leased) {
            out.line("  token " + leased.token() + "  until " + Human.time(leased.leaseUntilMs()) + "  delivery "
                    + leased.deliveries()
                    + (leased.failures() == 0 ? "" : ", " + Human.count(leased.failures(), "failure")));
        }
    }
}
