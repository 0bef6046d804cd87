/* Memory that ends together: one arena a request, emptied after its last byte is sent.
 * Out of memory, and sizes nobody should have asked for, end the process: it is started again. */
#ifndef OBI_CORE_ARENA_H
#define OBI_CORE_ARENA_H

#include "core/slice.h"

struct arena;

/* Never NULL. The caller ends it with arena_free. */
struct arena *arena_new(void);
/* Runs what was deferred, last in first out, and gives all memory back but one block for the next
 * use. */
void arena_empty(struct arena *a);
/* As arena_empty, and ends the arena itself. Takes NULL. */
void arena_free(struct arena *a);
/* For SCOPED(arena_drop). */
void arena_drop(struct arena **a);

/* `n` zeroed bytes, aligned for any type. Never NULL. Built with ARENA_EACH=1 each is its own
 * malloc, so that the sanitizers see every one. A size from outside is held against core/limits.h
 * first. */
void *arena_alloc(struct arena *a, size_t n);
#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_alloc_array((a), sizeof(type), (count)))
void *arena_alloc_array(struct arena *a, size_t size, size_t count);

/* A copy with a NUL behind it that does not count. */
struct slice arena_copy(struct arena *a, struct slice s);
/* The same as a C string. Bytes behind a NUL inside are lost to C: check before. */
char *arena_str(struct arena *a, struct slice s);
/* A copy with ASCII letters in lower case. */
struct slice arena_lower(struct arena *a, struct slice s);
/* printf into the arena; a NUL stands behind the slice. */
struct slice arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Calls fn(p) when the arena is emptied or freed. */
void arena_defer(struct arena *a, void (*fn)(void *p), void *p);

#endif
