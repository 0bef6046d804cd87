/* The file, the rows in it, and the workers' places. Locks are the kernel's, on bytes of the file: one a place, and
 * one behind them for whoever adds a row. They belong to the open file, and end with the process. */
#include "metrics_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"

static struct segment nowhere = { .rows = 1 };
struct segment       *segment = &nowhere;

static int    file_fd = -1;
static size_t own = PLACES; /* this worker's place */

bool
metrics_are_shared(void)
{
    return segment != &nowhere;
}

/* ---- the file ----------------------------------------------------------------------------------- */

/* FNV-1a over whatever says which cell is which. */
static uint64_t
mix(uint64_t hash, const char *text)
{
    do
        hash = (hash ^ (unsigned char)*text) * 0x100000001B3;
    while (*text++ != '\0');
    return hash;
}

static uint64_t
layout(void)
{
    uint64_t hash = 0xCBF29CE484222325 ^ sizeof(struct segment);

#define B(us, text) hash = mix(hash, text);
    BUCKETS(B)
#undef B
    for (int i = 0; i < METRIC_VALUE_COUNT; i++)
        hash = mix(hash, metrics_values[i]);
    for (int i = 0; i < ERR_COUNT; i++)
        hash = mix(hash, err_name((enum err_code)i));
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        hash = mix(hash, cause_name((enum cause_id)i));
    return hash;
}

/* Zeros are what it begins with, so that whoever comes first has nothing to write that others would wait for. */
static struct segment *
map(int fd)
{
    struct stat st;
    void       *p;

    if (fstat(fd, &st) != 0 || (st.st_size == 0 && ftruncate(fd, sizeof(struct segment)) != 0))
        return NULL;
    if (st.st_size != 0 && st.st_size != sizeof(struct segment)) {
        errno = EINVAL;
        return NULL;
    }
    p = mmap(NULL, sizeof(struct segment), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return p == MAP_FAILED ? NULL : p;
}

void
metrics_open(struct slice file)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     path =
        arena_printf(a, "%.*s.%016llx", SLICE_FMT(file), (unsigned long long)layout());
    int             fd = open(path.p, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct segment *mapped = fd < 0 ? NULL : map(fd);
    int             wrong = errno;

    if (mapped != NULL) {
        segment = mapped;
        file_fd = fd;
        return;
    }
    if (fd >= 0)
        close(fd);
    log_event(ERR_LEVEL_WARN, "metrics_away", LOG_TEXT("file", path),
              LOG_TEXT("detail", slice_str(strerror(wrong))));
}

/* ---- locks -------------------------------------------------------------------------------------- */

static bool
lock(size_t byte, int how, short type)
{
    struct flock what = {
        .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)byte, .l_len = 1
    };

    while (fcntl(file_fd, how, &what) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

/* Whether another open file has it locked. */
static bool
is_taken(size_t byte)
{
    struct flock what = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)byte, .l_len = 1
    };

    return fcntl(file_fd, F_OFD_GETLK, &what) == 0 && what.l_type != F_UNLCK;
}

/* ---- workers ------------------------------------------------------------------------------------ */

void
metrics_worker(unsigned pool)
{
    if (!metrics_are_shared())
        return;
    for (own = 0; own < PLACES && !lock(own, F_OFD_SETLK, F_WRLCK); own++)
        continue;
    if (own == PLACES) {
        log_event(ERR_LEVEL_WARN, "metrics_full", LOG_NUMBER("places", PLACES));
        return;
    }
    atomic_store(&segment->places[own].busy,
                 0); /* whoever had it before may have been killed at work */
    atomic_store(&segment->places[own].pool, pool);
}

void
metrics_busy(bool busy)
{
    if (own < PLACES)
        atomic_store_explicit(&segment->places[own].busy, busy, memory_order_relaxed);
}

void
metrics_workers(unsigned pool, uint64_t *ret_all, uint64_t *ret_busy)
{
    *ret_all = *ret_busy = 0;
    for (size_t i = 0; metrics_are_shared() && i < PLACES; i++)
        if (atomic_load(&segment->places[i].pool) == pool && (i == own || is_taken(i))) {
            ++*ret_all;
            *ret_busy += atomic_load(&segment->places[i].busy);
        }
}

/* ---- rows --------------------------------------------------------------------------------------- */

static unsigned
find_or_add(struct slice labels)
{
    uint32_t count = atomic_load_explicit(&segment->rows, memory_order_acquire);

    if (count == 0)
        count = 1;
    for (uint32_t i = 1; i < count; i++)
        if (slice_eq(slice_str(segment->row[i].labels), labels))
            return i;
    if (count == ROWS || labels.n >= LABELS_BYTES)
        return 0;
    memcpy(segment->row[count].labels, labels.p, labels.n);
    segment->row[count].labels[labels.n] = '\0';
    atomic_store_explicit(&segment->rows, count + 1, memory_order_release);
    return count;
}

unsigned
metrics_row(struct slice labels)
{
    unsigned row;

    if (!metrics_are_shared() || !lock(PLACES, F_OFD_SETLKW, F_WRLCK))
        return 0;
    row = find_or_add(labels);
    lock(PLACES, F_OFD_SETLK, F_UNLCK);
    return row;
}
