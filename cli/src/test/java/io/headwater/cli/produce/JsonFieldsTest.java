package io.headwater.cli.produce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonFieldsTest {
    @Test
    void fieldsAreFoundWhereverTheyStand() throws Exception {
        assertEquals(List.of("us", "1517"), read("{\"net\":\"us\",\"time\":1517}", "net", "time"));
        assertEquals(List.of("us", "1517"), read("{\"time\":1517,\"x\":[{\"net\":0}],\"net\":\"us\"}", "net", "time"));
        assertEquals(List.of("b"), read("{\"a\":{\"x\":1,\"k\":\"b\"},\"k\":\"c\"}", "a.k"));
        assertEquals(List.of("c"), read("{\"a\":{\"k\":\"b\"},\"k\":\"c\"}", "k"));
        assertEquals(List.of("2"), read("{\"z\":{\"b\":1},\"a\":{\"b\":2}}", "a.b"));
        assertEquals(List.of("é\n"), read("{\"k\":\"\\u00e9\\n\"}", "k"));
        assertEquals(List.of("true", "1.50"), read("{\"b\":true,\"n\":1.50}", "b", "n"));
        assertEquals(List.of("1", "1"), read("{\"k\":1}", "k", "k"));
        assertEquals(List.of(""), read("{\"k\":\"\"}", "k"));
    }

    @Test
    void aLineWithoutTheFieldSaysWhichOne() {
        refuses("{\"a\":1}", "has no field k");
        refuses("{}", "has no field k");
        refuses("{\"a\":{\"k\":1}}", "has no field k");
        refuses("{\"k\":null}", "field k");
        refuses("{\"k\":{\"a\":1}}", "object");
        refuses("", "not a JSON object");
        refuses("17", "not a JSON object");
        refuses("hello", "not JSON");
        refuses("{\"a\":1", "JSON");
    }

    private static List<String> read(String line, String... fields) throws BadLineException {
        List<FieldPath> paths = List.of(fields).stream().map(FieldPath::new).toList();
        new JsonFields(paths).read(line.getBytes(StandardCharsets.UTF_8));
        return paths.stream().map(FieldPath::value).toList();
    }

    private static void refuses(String line, String mentions) {
        BadLineException refusal = assertThrows(BadLineException.class, () -> read(line, "k"));
        assertTrue(String.valueOf(refusal.getMessage()).contains(mentions), refusal.getMessage());
    }
}
