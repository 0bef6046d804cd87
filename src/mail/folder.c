#include "mail_int.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/rand.h"

static enum err_code
fail_errno(struct err *e, const char *what)
{
    int error = errno;

    FAIL(e, MAIL_FAILED, "%s: %s", what, strerror(error));
    err_set_cause_text(e, slice_str(strerror(error)));
    return e->code;
}

enum err_code
mail_to_folder(struct arena *a, struct slice folder, struct slice bytes, struct err *e)
{
    struct slice token = slice_first(rand_token(a), 12);
    int64_t      now_ms = clock_now_ms();
    struct slice name =
        arena_printf(a, "%.*s/%.19s.%03dZ-%.*s.eml", SLICE_FMT(folder),
                     clock_iso8601(a, now_ms / 1000).p, (int)(now_ms % 1000), SLICE_FMT(token));
    struct slice part = arena_printf(a, "%.*s.part", SLICE_FMT(name));
    int          fd = open(part.p, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool         written;

    if (fd < 0)
        return fail_errno(e, "create");
    written = file_write_all(fd, bytes) && fsync(fd) == 0;
    if (close(fd) != 0 || !written || rename(part.p, name.p) != 0) {
        fail_errno(e, "write");
        unlink(part.p);
        return e->code;
    }
    return ERR_NONE;
}
