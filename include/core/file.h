/* Whole files, bounded. */
#ifndef OBI_CORE_FILE_H
#define OBI_CORE_FILE_H

#include "core/arena.h"
#include "core/err.h"

/* Reads a file of at most `max_bytes`; "-" is standard input.
 * Errors  IO (e->cause says why, as the system does); TOO_LARGE. */
MUST_USE enum err_code file_read(struct arena *a, struct slice path, size_t max_bytes,
                                 struct slice *ret, struct err *e);
/* Writes a whole file beside its place and renames it there, so that no reader ever sees a part of
 * it.
 * Errors  IO. */
MUST_USE enum err_code file_write(struct arena *a, struct slice path, struct slice bytes,
                                  struct err *e);
/* Whether this process may read what is there. */
bool file_is_readable(struct slice path);
/* Writes all of `bytes`, however often a signal comes between. False when it cannot; errno says
 * why. */
MUST_USE bool file_write_all(int fd, struct slice bytes);

#endif
