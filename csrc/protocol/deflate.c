/* deflate.c - a stream under COMPRESS=DEFLATE, on zlib. */
#include "protocol/deflate.h"

#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

enum {
  READ_SIZE = 16384,  /* at most a thousand times this comes of one read */
  MAX_READ = 1 << 24, /* octets that wait to be inflated */
  WRITE_STEP = 16384,
  RAW_WINDOW = -15,   /* 32 KB, without zlib's own header (RFC 4978 4) */
  MEMORY_LEVEL = 8    /* zlib's default: 128 KB */
};

struct imap_deflate {
  z_stream in, out;
  struct imap_buffer read; /* as it came … */
  size_t used;             /* … of which this is inflated */
  bool unread; /* zlib may hold inflated octets that found no room */
  bool broken; /* what comes next is no deflate stream */
};

static voidpf take(voidpf unused, uInt count, uInt size) {
  (void)unused;
  return calloc(count, size);
}

static void give_back(voidpf unused, voidpf memory) {
  (void)unused;
  free(memory);
}

struct imap_deflate *imap_deflate_new(void) {
  struct imap_deflate *d = calloc(1, sizeof *d);
  if (d == NULL) return NULL;
  imap_buffer_init(&d->read, MAX_READ);
  d->in.zalloc = d->out.zalloc = take;
  d->in.zfree = d->out.zfree = give_back;
  if (inflateInit2(&d->in, RAW_WINDOW) == Z_OK &&
      deflateInit2(&d->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW_WINDOW,
                   MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK)
    return d;
  imap_deflate_free(d);
  return NULL;
}

void imap_deflate_free(struct imap_deflate *d) {
  if (d == NULL) return;
  (void)inflateEnd(&d->in);
  (void)deflateEnd(&d->out);
  imap_buffer_free(&d->read);
  free(d);
}

char *imap_deflate_space(struct imap_deflate *d, size_t *room) {
  imap_buffer_drop(&d->read, d->used);
  d->used = 0;
  *room = READ_SIZE;
  return imap_buffer_room(&d->read, READ_SIZE);
}

void imap_deflate_filled(struct imap_deflate *d, size_t size) {
  d->read.size += size;
}

int imap_deflate_read(struct imap_deflate *d, char *to, size_t room,
                      size_t *made) {
  int status;
  *made = 0;
  if (d->broken) return IMAP_PROTOCOL;
  if (d->used == d->read.size && !d->unread) return IMAP_MORE;
  d->in.next_in = (const Bytef *)d->read.data + d->used;
  d->in.avail_in = (uInt)(d->read.size - d->used);
  d->in.next_out = (Bytef *)to;
  d->in.avail_out = (uInt)room;
  status = inflate(&d->in, Z_SYNC_FLUSH);
  d->used = d->read.size - d->in.avail_in;
  *made = room - d->in.avail_out;
  d->unread = d->in.avail_out == 0;
  d->broken = status == Z_DATA_ERROR || status == Z_NEED_DICT;
  if (*made > 0) return IMAP_OK;
  if (status == Z_MEM_ERROR) return IMAP_NOMEM;
  return d->used == d->read.size && !d->broken ? IMAP_MORE : IMAP_PROTOCOL;
}

int imap_deflate_write(struct imap_deflate *d, struct imap_span plain,
                       struct imap_buffer *out) {
  d->out.next_in = (const Bytef *)plain.data;
  d->out.avail_in = (uInt)plain.size;
  do {
    char *room = imap_buffer_room(out, WRITE_STEP);
    if (room == NULL) return out->status;
    d->out.next_out = (Bytef *)room;
    d->out.avail_out = WRITE_STEP;
    (void)deflate(&d->out, Z_SYNC_FLUSH);
    out->size += WRITE_STEP - d->out.avail_out;
  } while (d->out.avail_out == 0);
  return IMAP_OK;
}
