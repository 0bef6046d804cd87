#include "core/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef ARENA_EACH
#define ARENA_EACH 0
#endif

/* The first block is small: many an arena lives for a few allocations, and every block is zeroed. */
enum { FIRST_BYTES = 2 * 1024, BLOCK_BYTES = 32 * 1024 };

struct block {
    struct block *next;
    size_t        used, size;
    alignas(max_align_t) char bytes[];
};

struct deferred {
    struct deferred *next;
    void (*fn)(void *p);
    void *p;
};

struct arena {
    struct block    *blocks; /* the first one is being filled */
    struct deferred *deferred;
};

static _Noreturn void
out_of_memory(size_t n)
{
    fprintf(stderr, "{\"level\":\"error\",\"event\":\"out_of_memory\",\"bytes\":%zu}\n", n);
    abort();
}

static void *
must_alloc(size_t n)
{
    void *p = calloc(1, n);

    if (p == NULL)
        out_of_memory(n);
    return p;
}

static struct block *
block_add(struct arena *a, size_t size)
{
    struct block *b = must_alloc(sizeof *b + size);

    b->size = size;
    b->next = a->blocks;
    a->blocks = b;
    return b;
}

struct arena *
arena_new(void)
{
    return must_alloc(sizeof(struct arena));
}

static void
run_deferred(struct arena *a)
{
    while (a->deferred != NULL) {
        struct deferred *d = a->deferred;

        a->deferred = d->next; /* first, so that fn may defer again */
        d->fn(d->p);
    }
}

void
arena_empty(struct arena *a)
{
    struct block *keep = NULL;

    run_deferred(a);
    while (a->blocks != NULL) {
        struct block *b = a->blocks;

        a->blocks = b->next;
        if (!ARENA_EACH && keep == NULL && b->size == BLOCK_BYTES)
            keep = b;
        else
            free(b);
    }
    if (keep != NULL) {
        memset(keep->bytes, 0, keep->used);
        keep->used = 0;
        keep->next = NULL;
        a->blocks = keep;
    }
}

void
arena_free(struct arena *a)
{
    if (a == NULL)
        return;
    run_deferred(a);
    while (a->blocks != NULL) {
        struct block *b = a->blocks;

        a->blocks = b->next;
        free(b);
    }
    free(a);
}

void
arena_drop(struct arena **a)
{
    arena_free(*a);
    *a = NULL;
}

void *
arena_alloc(struct arena *a, size_t n)
{
    struct block *b = a->blocks;
    size_t        rounded;

    if (n > SIZE_MAX / 2)
        out_of_memory(n);
    if (ARENA_EACH)
        return block_add(a, n == 0 ? 1 : n)->bytes;
    rounded = (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (rounded > BLOCK_BYTES / 4) {
        /* A large one gets a block of its own behind the one being filled, so that no room is lost. */
        struct block *own = must_alloc(sizeof *own + rounded);

        own->size = own->used = rounded;
        if (b == NULL)
            b = block_add(a, FIRST_BYTES);
        own->next = b->next;
        b->next = own;
        return own->bytes;
    }
    if (b == NULL || b->size - b->used < rounded)
        b = block_add(a, b == NULL && rounded <= FIRST_BYTES ? FIRST_BYTES : BLOCK_BYTES);
    b->used += rounded;
    return b->bytes + b->used - rounded;
}

void *
arena_alloc_array(struct arena *a, size_t size, size_t count)
{
    size_t bytes;

    if (__builtin_mul_overflow(size, count, &bytes))
        out_of_memory(SIZE_MAX);
    return arena_alloc(a, bytes);
}

struct slice
arena_copy(struct arena *a, struct slice s)
{
    char *p = arena_alloc(a, s.n + 1);

    if (s.n > 0)
        memcpy(p, s.p, s.n);
    return (struct slice){ p, s.n };
}

char *
arena_str(struct arena *a, struct slice s)
{
    return (char *)(uintptr_t)arena_copy(a, s).p;
}

struct slice
arena_lower(struct arena *a, struct slice s)
{
    char *p = arena_str(a, s);

    for (size_t i = 0; i < s.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] - 'A' + 'a');
    return (struct slice){ p, s.n };
}

struct slice
arena_printf(struct arena *a, const char *fmt, ...)
{
    char    few[256]; /* most texts fit, and are written once */
    va_list ap;
    int     n;
    char   *p;

    va_start(ap, fmt);
    n = vsnprintf(few, sizeof few, fmt, ap);
    va_end(ap);
    assert(n >= 0);
    if ((size_t)n < sizeof few)
        return arena_copy(a, (struct slice){ few, (size_t)n });
    p = arena_alloc(a, (size_t)n + 1);
    va_start(ap, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return (struct slice){ p, (size_t)n };
}

void
arena_defer(struct arena *a, void (*fn)(void *p), void *p)
{
    struct deferred *d = ARENA_NEW(a, struct deferred);

    d->fn = fn;
    d->p = p;
    d->next = a->deferred;
    a->deferred = d;
}
