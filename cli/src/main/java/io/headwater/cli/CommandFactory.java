package io.headwater.cli;

import io.headwater.cli.shell.Terminal;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import picocli.CommandLine;
import picocli.CommandLine.IFactory;

/** Gives every command that wants one its terminal, through the constructor. */
final class CommandFactory implements IFactory {
    private final Terminal terminal;

    CommandFactory(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public <K> K create(Class<K> type) throws Exception {
        for (Constructor<?> constructor : type.getDeclaredConstructors()) {
            Class<?>[] parameters = constructor.getParameterTypes();
            if (parameters.length == 1 && parameters[0] == Terminal.class) {
                constructor.setAccessible(true);
                try {
                    return type.cast(constructor.newInstance(terminal));
                } catch (InvocationTargetException e) {
                    throw new IllegalStateException(type + " cannot be made", e.getCause());
                }
            }
        }
        return CommandLine.defaultFactory().create(type);
    }
}
