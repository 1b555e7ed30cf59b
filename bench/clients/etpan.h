/* etpan.h - the client on libetpan, in two files. */
#ifndef BENCH_ETPAN_H
#define BENCH_ETPAN_H

#include <libetpan/libetpan.h>

/* Prints the listing of one message, as bench/clients/delivered.lua has it. */
void print_listing(struct mailimap_msg_att *message);

#endif
