/* failing.h - malloc, calloc and realloc of which the n-th call fails, once.
** For a program that is linked with --wrap for each of them, and for free; where
** it defines FAILING_LOOK(block), that sees each block before it is given back. */
#ifndef SPEC_FAILING_H
#define SPEC_FAILING_H

#include <stdbool.h>
#include <stddef.h>

#ifndef FAILING_LOOK
#define FAILING_LOOK(block) ((void)(block))
#endif

static struct {
  unsigned long left; /* calls until one fails; 0: none will */
  bool failed;        /* it has */
  long live;          /* blocks that were not freed */
} failing;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

static inline void failing_begin(unsigned long number) {
  failing.left = number;
  failing.failed = false;
}

/* True: an allocation failed since failing_begin(). */
static inline bool failing_end(void) {
  failing.left = 0;
  return failing.failed;
}

static inline bool failing_now(void) {
  if (failing.left == 0 || --failing.left > 0) return false;
  return failing.failed = true;
}

static inline void *failing_count(void *block) {
  if (block != NULL) failing.live++;
  return block;
}

void *__wrap_malloc(size_t size) {
  return failing_now() ? NULL : failing_count(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size) {
  return failing_now() ? NULL : failing_count(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size) {
  void *grown;
  if (failing_now()) return NULL;
  FAILING_LOOK(block);
  grown = __real_realloc(block, size);
  return block == NULL ? failing_count(grown) : grown;
}

void __wrap_free(void *block) {
  if (block != NULL) failing.live--;
  FAILING_LOOK(block);
  __real_free(block);
}

#endif
