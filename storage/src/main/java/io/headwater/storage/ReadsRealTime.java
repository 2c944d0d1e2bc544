package io.headwater.storage;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The few places where real time or chance comes in; the build forbids it elsewhere. */
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.METHOD)
@interface ReadsRealTime {}
