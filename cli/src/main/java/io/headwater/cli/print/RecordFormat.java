package io.headwater.cli.print;

import io.headwater.cli.shell.Output;
import io.headwater.client.ConsumedRecord;

/** One record as it is printed. */
public interface RecordFormat {
    void write(ConsumedRecord record);

    /** The formats by name. */
    enum Name {
        value,
        text,
        json,
        pretty;

        public RecordFormat over(Output out) {
            return switch (this) {
                case value, text -> new ValueFormat(out);
                case json -> new JsonFormat(out);
                case pretty -> new PrettyFormat(out);
            };
        }
    }
}
