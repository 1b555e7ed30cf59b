/* deflate.c - packs its input as a server under COMPRESS=DEFLATE does.
** usage: deflate < plain > packed
** What it writes stands behind anything else that it wrote, in one stream: it
** begins and ends at an octet, and looks back at nothing before it. */
#include <stdio.h>
#include <zlib.h>

int main(void) {
  static unsigned char plain[65536], packed[65536];
  z_stream z = {.zalloc = Z_NULL};
  size_t size;
  int flush;
  if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, -15, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    return 1;
  do {
    size = fread(plain, 1, sizeof plain, stdin);
    flush = size < sizeof plain ? Z_FULL_FLUSH : Z_NO_FLUSH;
    z.next_in = plain;
    z.avail_in = (uInt)size;
    do {
      z.next_out = packed;
      z.avail_out = sizeof packed;
      (void)deflate(&z, flush);
      (void)fwrite(packed, 1, sizeof packed - z.avail_out, stdout);
    } while (z.avail_out == 0);
  } while (flush == Z_NO_FLUSH);
  (void)deflateEnd(&z);
  return fflush(stdout) == 0 ? 0 : 1;
}
