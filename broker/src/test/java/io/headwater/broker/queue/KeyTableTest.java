package io.headwater.broker.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.headwater.record.testing.Seeds;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KeyTableTest {
    @Test
    void findsWhatIsThereAndNothingElse() {
        Seeds.run(300, random -> {
            KeyTable keys = new KeyTable();
            Map<Long, Integer> model = new HashMap<>();
            long step = random.nextBoolean() ? 1 : random.nextLong();
            for (int i = 0; i < 1_000; i++) {
                long hash = random.nextInt(400) * step;
                Integer known = model.get(hash);
                assertEquals(known == null ? KeyTable.ABSENT : known, keys.find(hash));
                if (known == null) {
                    int key = keys.obtain(hash);
                    assertEquals(KeyTable.NO_OFFSET, keys.head(key), "a key is as new");
                    keys.head(key, 5);
                    model.put(hash, key);
                } else if (random.nextBoolean()) {
                    assertEquals(known, keys.obtain(hash));
                } else {
                    keys.free(known);
                    model.remove(hash);
                }
                assertEquals(model.size(), keys.size());
            }
            model.forEach((hash, key) -> assertEquals(key, keys.find(hash)));
        });
    }
}
