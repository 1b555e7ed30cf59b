/* wire.h - what the floors of the bench stand on: a connection that is logged
** in, lines that go out, replies that are read until a tag and dropped.
** Whatever fails ends the program. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <stddef.h>

/* Connects as the environment says (see bench/run.lua), and logs in. */
void wire_open(void);
void wire_close(void);

void wire_send(const char *bytes, size_t length);
void wire_sendf(const char *format, ...);

/* At most so many bytes of what has come; waits for the first. */
size_t wire_receive(char *bytes, size_t room);

/* Reads on until the line that begins with the tag, which must say OK. */
void wire_drain(const char *tag);

/* "ready" and "done", as measure.c wants them: around what is measured. */
void wire_start_clock(void);
void wire_stop_clock(void);

const char *wire_setting(const char *name);   /* BENCH_name of the environment */
int wire_count(void);                         /* BENCH_COUNT */

void wire_die(const char *what);

#endif
