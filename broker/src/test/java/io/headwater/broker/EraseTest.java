package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.headwater.broker.config.BrokerConfig;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.CreateQueueGroup;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.EraseRecords;
import io.headwater.protocol.wire.EraseRecordsReply;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.QueueGroup;
import io.headwater.protocol.wire.QueueOpen;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is erased is in no file any more, and what is not stays as it was. */
class EraseTest {
    @TempDir
    Path directory;

    private Broker broker;
    private RawClient client;
    private long partition;

    @BeforeEach
    void starts() throws Exception {
        broker = Broker.start(BrokerConfig.onFreePorts(directory).withThreads(new BrokerConfig.Threads(1, 2)));
        client = RawClient.connected(broker.port());
        partition = client.createTopic("people", 1).getPartitions(0).getPartitionId();
        client.produce(partition, Batches.keyed("anna", "secret-of-anna", "bert", "words-of-bert"));
        client.produce(partition, Batches.keyed("anna", "secret-again"));
        client.produce(partition, Batches.keyed("carl", "words-of-carl"));
    }

    @AfterEach
    void stops() throws Exception {
        client.close();
        broker.close();
    }

    private EraseRecordsReply erase(EraseRecords.Builder request) throws Exception {
        return client.call(
                        FrameType.ERASE_RECORDS,
                        request.setPartitionId(partition).build())
                .message(EraseRecordsReply.class);
    }

    private boolean isInAFile(String text) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(directory)) {
            files = all.filter(Files::isRegularFile).toList();
        }
        for (Path file : files) {
            if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text)) {
                return true;
            }
        }
        return false;
    }

    private List<String> stream() throws Exception {
        client.subscribe(partition, 1 << 30);
        List<String> values = new ArrayList<>();
        for (long next = 0; next < 4; ) {
            Frame push = client.push();
            next = push.message(Deliver.class).getNextOffset();
            Batches.read(push.attachment()).forEach(record -> values.add(record.offset() + " " + record.value()));
        }
        return values;
    }

    @Test
    void allOfAKey() throws Exception {
        assertTrue(isInAFile("secret-of-anna") && isInAFile("secret-again"));

        EraseRecordsReply report = erase(EraseRecords.newBuilder().setKey(ByteString.copyFromUtf8("anna")));

        assertEquals(2, report.getRecords());
        assertEquals(4, report.getUntilOffset());
        assertTrue(report.getBytesAfter() < report.getBytesBefore());
        assertFalse(isInAFile("secret"));
        assertFalse(isInAFile("anna"));
        assertEquals(List.of("1 words-of-bert", "3 words-of-carl"), stream());
    }

    @Test
    void oneRecordAlsoOfAQueueThatStillWantedIt() throws Exception {
        QueueGroup group = client.call(
                        FrameType.CREATE_QUEUE_GROUP,
                        CreateQueueGroup.newBuilder()
                                .setTopic("people")
                                .setName("workers")
                                .build())
                .message(QueueGroup.class);

        assertEquals(1, erase(EraseRecords.newBuilder().setOffset(2)).getRecords());

        assertFalse(isInAFile("secret-again"));
        client.call(
                FrameType.QUEUE_OPEN,
                QueueOpen.newBuilder()
                        .setSubscriptionId(1)
                        .setPartitionId(partition)
                        .setGroupId(group.getId())
                        .setSession(1)
                        .setCreditRecords(10)
                        .setCreditBytes(1 << 30)
                        .build());
        List<String> values = new ArrayList<>();
        while (values.size() < 3) {
            Batches.read(client.push().attachment()).forEach(record -> values.add(record.value()));
        }
        assertEquals(List.of("secret-of-anna", "words-of-bert", "words-of-carl"), values);
        assertEquals(0, erase(EraseRecords.newBuilder().setOffset(2)).getRecords());
    }

    @Test
    void refusesNothing() throws Exception {
        assertEquals(
                ErrorCode.ERROR_INVALID_REQUEST,
                client.failure(
                                FrameType.ERASE_RECORDS,
                                EraseRecords.newBuilder()
                                        .setPartitionId(partition)
                                        .build())
                        .getCode());
    }
}
