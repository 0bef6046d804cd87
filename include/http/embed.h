/* A public page as other sites show it: a frame of /embed/<kind>/<path>. */
#ifndef OBI_HTTP_EMBED_H
#define OBI_HTTP_EMBED_H

#include "http/http.h"

enum embed_kind { EMBED_BADGE, EMBED_COLLECTION };

struct embed {
    enum embed_kind kind;
    struct slice    path;  /* the page's own part of its address */
    struct slice    title; /* as everybody may see it */
};

/* Where the page stands, and where what is shown in the frame does: absolute addresses. */
struct slice embed_page_url(const struct req *r, const struct embed *embed);
struct slice embed_frame_url(const struct req *r, const struct embed *embed);
/* "badge" or "collection"; false for anything else. */
bool embed_kind_of(struct slice name, enum embed_kind *ret);
/* The page that an address of this site names, whether it is there or not: of /share/<kind>/<path>, also
 * with .json behind it; query and fragment say nothing. False for any other address. */
bool embed_of_url(const struct req *r, struct slice url, struct embed *ret);

/* How high a frame should be, in pixels, `width` wide. */
unsigned embed_height(enum embed_kind kind, unsigned width);
/* The HTML that shows it: an iframe, `width` being pixels or a percentage. */
MUST_USE enum err_code embed_html(const struct req *r, const struct embed *embed,
                                  struct slice width, unsigned height, struct slice *ret,
                                  struct err *e);
/* oembed { title, json, xml }: where the page's head says that its oEmbed is. */
void embed_put_discovery(const struct req *r, json_object *model, const struct embed *embed);
/* embed_code: for a field to copy from, as wide as there is room. */
MUST_USE enum err_code embed_put_code(const struct req *r, json_object *model,
                                      const struct embed *embed, struct err *e);

#endif
