package io.headwater.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

/** The arrows of ARCHITECTURE.md. This module sees all others, so the test lives here. */
class ArchitectureTest {
    private static final JavaClasses CODE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.headwater");

    private static final String[] NEEDS_JVM_FLAGS = {"org.agrona..", "net.openhft..", "org.rocksdb.."};

    @Test
    void recordStandsAlone() {
        check(classes()
                .that()
                .resideInAPackage("io.headwater.record..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "io.headwater.record..",
                        "org.jspecify..",
                        "com.github.luben.zstd..",
                        "net.jpountz..",
                        "org.xerial.snappy..")
                .because("client, wire and disk share its layout, and nothing else"));
    }

    @Test
    void protocolKnowsRecordNettyBuffersAndProtobuf() {
        check(noClasses()
                .that()
                .resideInAPackage("io.headwater.protocol..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.headwater.storage..",
                        "io.headwater.client..",
                        "io.headwater.broker..",
                        "io.headwater.benchmarks..",
                        "io.headwater.cli..",
                        "org.agrona..",
                        "net.openhft..",
                        "org.rocksdb..")
                .because("both ends of a connection use it"));
    }

    @Test
    void storageKnowsRecordOnly() {
        check(noClasses()
                .that()
                .resideInAPackage("io.headwater.storage..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.headwater.protocol..",
                        "io.headwater.client..",
                        "io.headwater.broker..",
                        "io.headwater.benchmarks..",
                        "io.headwater.cli..",
                        "io.netty..",
                        "com.google.protobuf..")
                .because("a log does not know who writes to it"));
    }

    @Test
    void rocksDbStaysBehindTheViewStoreAndChronicleBehindTheMappedRegion() {
        check(noClasses()
                .that()
                .haveSimpleNameNotStartingWith("RocksDb")
                .and()
                .resideOutsideOfPackage("io.headwater.benchmarks..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.rocksdb..")
                .because("views are derived, and what derives them must be replaceable"));
        check(noClasses()
                .that()
                .haveSimpleNameNotStartingWith("MappedRegion")
                .and()
                .resideOutsideOfPackage("io.headwater.benchmarks..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("net.openhft.chronicle..")
                .because("memory that can be unmapped under a reader is handled in one place"));
        check(noClasses()
                .that()
                .haveNameNotMatching(".*\\.BlockReservation(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("net.openhft.posix..")
                .because("it takes long to load, so that one place decides when"));
    }

    @Test
    void theClientAsksNoJvmFlagsOfItsUsers() {
        check(noClasses()
                .that()
                .resideInAPackage("io.headwater.client..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(NEEDS_JVM_FLAGS)
                .because("it is a library"));
        check(noClasses()
                .that()
                .resideInAPackage("io.headwater.client..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.headwater.storage..",
                        "io.headwater.broker..",
                        "io.headwater.benchmarks..",
                        "io.headwater.cli..",
                        "picocli..",
                        "ch.qos.logback..")
                .because("arrows run one way"));
    }

    @Test
    void theBrokerDoesNotKnowItsClients() {
        check(noClasses()
                .that()
                .resideInAPackage("io.headwater.broker..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.headwater.client..",
                        "io.headwater.benchmarks..",
                        "io.headwater.cli..",
                        "org.rocksdb..",
                        "net.openhft..",
                        "picocli..")
                .because("arrows run one way"));
    }

    @Test
    void onlyOneRoomKnowsHowLogsAreWritten() {
        check(noClasses()
                .that()
                .resideInAPackage("io.headwater..")
                .and()
                .resideOutsideOfPackages("io.headwater.broker.observe..", "io.headwater.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("ch.qos.logback..")
                .because("the rest speaks slf4j, so that an embedded broker or client leaves logging to its host"));
    }

    @Test
    void ratisStaysInItsRoom() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage("io.headwater.broker.consensus..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.ratis..")
                .because("a standalone broker must not load it"));
    }

    @Test
    void nettyStopsAtTheListeners() {
        check(noClasses()
                .that()
                .resideInAPackage("io.headwater.broker..")
                .and()
                .resideOutsideOfPackages(
                        "io.headwater.broker.net..",
                        "io.headwater.broker.peer..",
                        "io.headwater.broker.observe..",
                        "io.headwater.broker")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty.channel..", "io.netty.bootstrap..", "io.netty.handler..")
                .because("owners get values, not channels"));
    }

    @Test
    void handlersKnowPartitionsButNeitherTheirOwnersNorEachOther() {
        check(noClasses()
                .that()
                .resideInAPackage("io.headwater.broker.stream..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.headwater.broker.shard..", "io.headwater.broker.control..")
                .because("a handler turns a request into log operations, and nothing else"));
        check(noClasses()
                .that()
                .resideInAPackage("io.headwater.broker.partition..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.headwater.broker.stream..",
                        "io.headwater.broker.shard..",
                        "io.headwater.broker.net..",
                        "io.headwater.broker.control..")
                .because("a partition is a log with an epoch and a committed offset"));
    }

    @Test
    void pureLogicKnowsNoThreadsAndNoSockets() {
        check(noClasses()
                .that()
                .resideInAnyPackage("io.headwater.broker.group..", "io.headwater.broker.metadata..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.headwater.broker.shard..",
                        "io.headwater.broker.net..",
                        "io.headwater.broker.control..",
                        "io.headwater.broker.stream..",
                        "io.netty..")
                .because("it takes time as an argument and can be simulated"));
    }

    @Test
    void nobodyInsideTheBrokerImportsTheClassThatWiresIt() {
        check(noClasses()
                .that()
                .resideInAPackage("io.headwater.broker..")
                .and()
                .resideOutsideOfPackage("io.headwater.broker")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.headwater.broker")
                .because("what everybody can reach, everybody will use"));
    }

    @Test
    void benchmarksDoNotKnowTheCommandLine() {
        check(noClasses()
                .that()
                .resideInAPackage("io.headwater.benchmarks..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.headwater.cli..")
                .because("the command line calls the load driver"));
    }

    @Test
    void theLibraryThatReportsUsageIsNotThere() {
        assertThrows(ClassNotFoundException.class, () -> Class.forName("net.openhft.chronicle.analytics.Analytics"));
        assertTrue(!System.getProperty("java.class.path").contains("chronicle-analytics"));
    }

    private static void check(ArchRule rule) {
        rule.allowEmptyShould(false).check(CODE);
    }
}
