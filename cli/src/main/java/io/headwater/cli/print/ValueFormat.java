package io.headwater.cli.print;

import io.headwater.cli.shell.Output;
import io.headwater.client.ConsumedRecord;

/** The value's bytes and a newline: what {@code produce} read comes out again. A record without a value is empty. */
final class ValueFormat implements RecordFormat {
    private final Output out;

    ValueFormat(Output out) {
        this.out = out;
    }

    @Override
    public void write(ConsumedRecord record) {
        byte[] value = record.value();
        if (value != null) {
            out.write(value);
        }
        out.write('\n');
    }
}
