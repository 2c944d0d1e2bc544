package io.headwater.broker.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.headwater.broker.metadata.wire.State;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PictureDigestTest {
    private static void gather(Descriptor message, SortedMap<String, String> fields) {
        for (FieldDescriptor field : message.getFields()) {
            String place = message.getName() + "." + field.getNumber();
            if (fields.put(place, field.getName() + " " + field.getType()) == null
                    && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                gather(field.getMessageType(), fields);
            }
        }
    }

    /** If this fails, snapshots have another field: raise {@link PictureDigest#FORMAT}, and put both numbers here. */
    @Test
    void anotherFormatOfSnapshotsIsAnotherFormatOfDigests() {
        SortedMap<String, String> fields = new TreeMap<>();
        gather(State.getDescriptor(), fields);
        assertEquals(
                "1: 1643093813", PictureDigest.FORMAT + ": " + fields.toString().hashCode());
    }
}
