/* floor.c - the least that each workload of the bench can cost: the best bytes
** are sent, and the replies are read and dropped.
** usage: floor [together]   (with commands in flight together) */
#include "wire.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void listing(void) {
  wire_sendf("a EXAMINE %s\r\n"
             "b UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)\r\n",
             wire_setting("MAILBOX"));
  wire_drain("b");
}

static const struct {
  const char *name;
  void (*work)(void);
} workloads[] = {
  { "listing", listing },
};

int main(void) {
  const char *wanted = wire_setting("WORKLOAD");
  for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++) {
    if (strcmp(workloads[i].name, wanted) != 0) continue;
    wire_open();
    wire_start_clock();
    workloads[i].work();
    wire_stop_clock();
    wire_close();
    return 0;
  }
  wire_die(wanted);
}
