/* wire.h - what the floors of the bench stand on: a connection that is logged
** in, lines that go out, replies that are read until a tag and dropped.
** Whatever fails ends the program. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

/* Connects as the environment says (see bench/run.lua), and logs in. */
void wire_open(void);
void wire_close(void);

void wire_sendf(const char *format, ...);

/* Reads on until the line that begins with the tag, which must say OK. With
** wire_drain() nothing else may be on its way. */
void wire_drain(const char *tag);
void wire_await(const char *tag);

/* "ready" and "done", as measure.c wants them: around what is measured. */
void wire_start_clock(void);
void wire_stop_clock(void);

const char *wire_setting(const char *name);   /* BENCH_name of the environment */
int wire_count(void);                         /* BENCH_COUNT */

_Noreturn void wire_die(const char *what);

#endif
