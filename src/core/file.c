#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/sbuf.h"

static void
close_fd(const int *fd)
{
    if (*fd > STDERR_FILENO)
        close(*fd);
}

static enum err_code
fail_errno(struct err *e, const char *what, struct slice path)
{
    int error = errno;

    FAIL(e, IO, "%s %.*s: %s", what, SLICE_FMT(path), strerror(error));
    err_set_cause_text(e, slice_str(strerror(error)));
    return e->code;
}

enum err_code
file_read(struct arena *a, struct slice path, size_t max_bytes, struct slice *ret, struct err *e)
{
    SCOPED(close_fd)
    int fd =
        slice_eq(path, SL("-")) ? STDIN_FILENO : open(arena_str(a, path), O_RDONLY | O_CLOEXEC);
    struct sbuf text;
    ssize_t     n;

    if (fd < 0)
        return fail_errno(e, "open", path);
    sbuf_init(&text, a);
    do {
        n = read(fd, sbuf_room(&text, 16384), 16384);
        if (n < 0 && errno != EINTR)
            return fail_errno(e, "read", path);
        if (n > 0)
            sbuf_grew(&text, (size_t)n);
        if (text.n > max_bytes)
            return FAIL(e, TOO_LARGE, "%.*s is over %zu bytes", SLICE_FMT(path), max_bytes);
    } while (n != 0);
    *ret = sbuf_slice(&text);
    return ERR_NONE;
}

bool
file_write_all(int fd, struct slice bytes)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes = slice_from(bytes, (size_t)n);
    }
    return true;
}

enum err_code
file_write(struct arena *a, struct slice path, struct slice bytes, struct err *e)
{
    char *part = arena_str(a, arena_printf(a, "%.*s.%d.part", SLICE_FMT(path), (int)getpid()));
    SCOPED(close_fd) int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0)
        return fail_errno(e, "create", path);
    if (!file_write_all(fd, bytes) || rename(part, arena_str(a, path)) != 0) {
        fail_errno(e, "write", path);
        unlink(part);
        return e->code;
    }
    return ERR_NONE;
}

bool
file_is_readable(struct slice path)
{
    char *copy = strndup(path.p, path.n);
    bool  yes = copy != NULL && access(copy, R_OK) == 0;

    free(copy);
    return yes;
}
