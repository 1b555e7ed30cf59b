/* unpreload.c - is preloaded with the sanitizers' library into the Lua that runs
** the specs, so that the programs which the specs start are spared both. */
#include <stdlib.h>

__attribute__((constructor)) static void unpreload(void) {
  unsetenv("LD_PRELOAD");
}
