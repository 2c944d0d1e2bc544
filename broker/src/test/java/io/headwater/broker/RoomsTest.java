package io.headwater.broker;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

/**
 * The arrows between the rooms of the broker, each with its reason. Those between the modules are held by the
 * architecture test of the command line, which sees all of them.
 */
class RoomsTest {
    private static final String ROOT = "io.headwater.broker";
    private static final JavaClasses CODE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    private static String room(String name) {
        return ROOT + "." + name + "..";
    }

    private static ArchRule knowsNothingOf(String because, String room, String... others) {
        String[] packages = new String[others.length];
        for (int i = 0; i < others.length; i++) {
            packages[i] = others[i].contains(".") ? others[i] : room(others[i]);
        }
        return noClasses()
                .that()
                .resideInAPackage(room(room))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(packages)
                .because(because)
                .allowEmptyShould(false);
    }

    @Test
    void listenersDecideNothing() {
        knowsNothingOf(
                        "bytes become values and values bytes: whoever decides lives elsewhere",
                        "net",
                        "shard",
                        "stream",
                        "work",
                        "partition",
                        "control",
                        "group",
                        "metadata",
                        "config",
                        "io.headwater.storage..")
                .check(CODE);
    }

    @Test
    void nettyEndsAtTheListeners() {
        noClasses()
                .that()
                .resideOutsideOfPackages(room("net"), room("peer"), room("observe"))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.netty..")
                .because("owners and handlers get values and plain buffers: a simulation can run them without sockets")
                .check(CODE);
    }

    @Test
    void handlersKnowNeitherTheirOwnersNorEachOther() {
        knowsNothingOf("a handler turns a request into log operations", "stream", "shard", "control", "group", "config")
                .check(CODE);
        knowsNothingOf("a handler turns a request into log operations", "work", "shard", "control", "group", "config")
                .check(CODE);
    }

    @Test
    void aPartitionKnowsItsLogAndNobodyWhoUsesIt() {
        knowsNothingOf(
                        "a log with an epoch, a committed offset and what is derived from them",
                        "partition",
                        "shard",
                        "stream",
                        "work",
                        "net",
                        "control",
                        "group",
                        "config",
                        "observe")
                .check(CODE);
    }

    @Test
    void ownersDoNotKnowTheHousekeeper() {
        knowsNothingOf(
                        "topics and groups reach an owner as values in its mailbox",
                        "shard",
                        "control",
                        "group",
                        "config")
                .check(CODE);
    }

    @Test
    void theHousekeeperReachesPartitionsThroughTheirPortOnly() {
        knowsNothingOf("a partition belongs to its owner's thread", "control", "shard", "stream", "work", "io.netty..")
                .check(CODE);
        noClasses()
                .that()
                .resideInAPackage(room("control"))
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("io.headwater.storage.PartitionLog")
                .because("a log belongs to its partition's owner")
                .check(CODE);
    }

    @Test
    void pureLogicTakesTimeAsAnArgumentAndDoesNoWork() {
        for (String room : new String[] {"group", "queue", "replica"}) {
            knowsNothingOf(
                            "it can be simulated over thousands of seeds",
                            room,
                            "shard",
                            "stream",
                            "work",
                            "partition",
                            "net",
                            "control",
                            "io.headwater.storage..",
                            "org.agrona.concurrent..",
                            "java.util.concurrent.locks..")
                    .check(CODE);
        }
    }

    @Test
    void nobodyImportsTheClassThatWires() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT)
                .because("what everybody can reach, everybody will use")
                .check(CODE);
    }

    @Test
    void ownersRoomsHaveNoLocks() {
        String[] rooms = {
            room("shard"),
            room("stream"),
            room("work"),
            room("partition"),
            room("control"),
            room("group"),
            room("queue"),
            room("replica")
        };
        noMethods()
                .that()
                .areDeclaredInClassesThat()
                .resideInAnyPackage(rooms)
                .should()
                .haveModifier(JavaModifier.SYNCHRONIZED)
                .because("state belongs to one owner; the others send it a value")
                .check(CODE);
        noClasses()
                .that()
                .resideInAnyPackage(rooms)
                .should()
                .dependOnClassesThat()
                .haveNameMatching("java\\.util\\.concurrent\\.locks\\.(Reentrant.*|StampedLock|Lock|Condition)")
                .because("state belongs to one owner; the others send it a value")
                .check(CODE);
    }

    @Test
    void whatAHandlerOrAPartitionIsMadeOfIsFinal() {
        classes()
                .that()
                .resideInAnyPackage(
                        room("net"),
                        room("shard"),
                        room("stream"),
                        room("work"),
                        room("partition"),
                        room("queue"),
                        room("replica"))
                .and()
                .areNotInterfaces()
                .and()
                .areNotEnums()
                .and()
                .areNotAnonymousClasses()
                .should()
                .haveModifier(JavaModifier.FINAL)
                .because("nothing here is made to be extended")
                .check(CODE);
    }

    /** The control: a rule that does not hold is noticed, so that the ones above are not empty words. */
    @Test
    void anArrowThatExistsIsSeen() {
        ArchRule wrong = knowsNothingOf("it does", "net", "io.netty..");

        assertThrows(AssertionError.class, () -> wrong.check(CODE));
    }
}
