#include <assert.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>

#include "core/limits.h"
#include "png/png.h"
#include "png_int.h"

/* libpng's reading of one file, and what it had to say when it gave up. */
struct decode {
    png_struct   *png;
    png_info     *info;
    struct cursor in;
    char          fault[96];
};

static void
on_fault(png_struct *png, const char *what)
{
    struct decode *d = png_get_error_ptr(png);

    (void)snprintf(d->fault, sizeof d->fault, "%s", what);
    png_longjmp(png, 1);
}

/* What libpng gets over, a browser does too. */
static void
on_warning(png_struct *png, const char *what)
{
    (void)png;
    (void)what;
}

static void
on_read(png_struct *png, unsigned char *to, size_t n)
{
    struct decode *d = png_get_io_ptr(png);
    struct slice   s = cur_take(&d->in, n);

    if (d->in.bad)
        png_error(png, "the file ends too early");
    memcpy(to, s.p, n);
}

/* Rows are read into nothing: libpng keeps the two it needs. Without png_set_interlace_handling it
 * gives the rows of each pass as they stand in the file, so an interlaced picture needs no more
 * memory than another. */
static void
read_rows(struct decode *d)
{
    int  width = (int)png_get_image_width(d->png, d->info); /* LIMIT_IMAGE_SIDE_PIXELS holds */
    int  height = (int)png_get_image_height(d->png, d->info);
    bool interlaced = png_get_interlace_type(d->png, d->info) != PNG_INTERLACE_NONE;

    for (int pass = 0; pass < (interlaced ? PNG_INTERLACE_ADAM7_PASSES : 1); pass++) {
        int rows = height;

        if (interlaced)
            rows = PNG_PASS_COLS(width, pass) == 0 ? 0 : PNG_PASS_ROWS(height, pass);
        for (int row = 0; row < rows; row++)
            png_read_row(d->png, NULL, NULL);
    }
}

/* False when libpng gave up: d->fault says why. A function of its own, so that nothing it calls
 * back holds anything when libpng jumps. */
static bool
decode_all(struct decode *d)
{
    if (setjmp(png_jmpbuf(d->png)) != 0)
        return false;
    png_set_read_fn(d->png, d, on_read);
    png_set_user_limits(d->png, LIMIT_IMAGE_SIDE_PIXELS, LIMIT_IMAGE_SIDE_PIXELS);
    /* All ancillary chunks but tRNS are passed over unread: nothing in them is inflated or kept. */
    png_set_keep_unknown_chunks(d->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(d->png, d->info);
    png_start_read_image(d->png);
    read_rows(d);
    png_read_end(d->png, NULL);
    return true;
}

/* chunks_of has held it against the limits, before libpng makes room for a row. */
static struct png_size
size_of(struct slice chunks)
{
    struct cursor c = cur_of(slice_from(chunks, 8));
    uint32_t      width = cur_be32(&c), height = cur_be32(&c);

    assert(!c.bad);
    return (struct png_size){ width, height };
}

enum err_code
png_check(struct slice png, struct png_size *ret, struct err *e)
{
    struct decode d = { .in = cur_of(png) };
    struct slice  chunks;
    enum err_code rc;
    bool          good;

    if ((rc = chunks_of(png, &chunks, e)) != ERR_NONE)
        return rc;
    d.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &d, on_fault, on_warning);
    assert(d.png != NULL);
    d.info = png_create_info_struct(d.png);
    assert(d.info != NULL);
    good = decode_all(&d);
    png_destroy_read_struct(&d.png, &d.info, NULL);
    if (!good) {
        rc = FAIL(e, PNG_MALFORMED, "libpng: %s", d.fault);
        err_set_cause(e, CAUSE(PNG_DATA));
        return rc;
    }
    *ret = size_of(chunks);
    return ERR_NONE;
}
