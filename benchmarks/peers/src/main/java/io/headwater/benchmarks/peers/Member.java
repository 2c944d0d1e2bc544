package io.headwater.benchmarks.peers;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The place of a broker in a cluster.
 *
 * @param node from 1 on
 * @param peerPorts on which the brokers talk to each other, the first one node 1's; none: the broker stands alone
 */
record Member(int node, List<Integer> peerPorts) {
    static final Member ALONE = new Member(1, List.of());

    boolean isAlone() {
        return peerPorts.isEmpty();
    }

    /** The first one founds the cluster, the others join it. */
    List<String> headwaterOptions() {
        if (isAlone()) {
            return List.of();
        }
        List<String> listen = List.of("--peer-listen", "127.0.0.1:" + peerPorts.get(node - 1));
        return node == 1 ? listen : List.of(listen.get(0), listen.get(1), "--join", "127.0.0.1:" + peerPorts.get(0));
    }

    static String kafkaVoters(List<Integer> controllerPorts) {
        return IntStream.rangeClosed(1, controllerPorts.size())
                .mapToObj(node -> node + "@127.0.0.1:" + controllerPorts.get(node - 1))
                .collect(Collectors.joining(","));
    }
}
