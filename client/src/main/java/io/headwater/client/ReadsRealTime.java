package io.headwater.client;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The one place where real time enters; everything else is told what time it is. */
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.METHOD)
@interface ReadsRealTime {}
