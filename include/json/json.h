/* JSON through json-c, made strict: one pass over the text refuses what json-c would take although
 * RFC 8259 or I-JSON (RFC 7493) do not. Values are json-c's own `json_object`, counted
 * references. */
#ifndef OBI_JSON_JSON_H
#define OBI_JSON_JSON_H

#include <json-c/json.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"

/* Parses one whole JSON text of any type, at most LIMIT_JSON_BYTES, LIMIT_JSON_DEPTH deep, of
 * LIMIT_JSON_VALUES values and LIMIT_JSON_NESTED objects and arrays. Refused are:
 * duplicate names, single quotes, comments, NaN and Infinity, raw control characters, lone
 * surrogates and \u0000 in escapes, bytes that are no UTF-8, integers beyond 64 bits, trailing
 * commas or text.
 * Out     *ret: a reference of the caller's, ended with json_object_put or SCOPED(json_drop). NULL
 *         for `null`.
 * Errors  JSON_MALFORMED (e->cause says what, at which byte); TOO_LARGE (e->cause says which
 *         limit). */
MUST_USE enum err_code json_parse(struct slice text, json_object **ret, struct err *e);
/* The same for what we wrote ourselves and kept, which holds texts of many documents: at most
 * LIMIT_PACKED_BYTES. */
MUST_USE enum err_code json_parse_kept(struct slice text, json_object **ret, struct err *e);
/* For SCOPED(json_drop). */
void json_drop(json_object **doc);
/* Ends the reference with the arena. Returns `doc`. */
json_object *json_in_arena(struct arena *a, json_object *doc);

/* Compact text, slashes unescaped, `<`, `>`, `&`, U+2028 and U+2029 as they are; in the arena. */
struct slice json_print(struct arena *a, json_object *doc);

/* Reading. All take NULL and other types as "not there"; what they return is borrowed from
 * `doc`. */
json_object *json_get(json_object *doc, const char *name);
/* SLICE_NONE when there is no string of that name. */
struct slice json_get_text(json_object *doc, const char *name);
bool         json_get_bool(json_object *doc, const char *name);
/* The string itself; SLICE_NONE when it is none. */
struct slice json_text(json_object *value);
/* About as many bytes of memory as the value takes with all in it. */
size_t json_held_bytes(json_object *value);
bool   json_is_object(json_object *value);
bool   json_is_array(json_object *value);

/* Writing. `doc` is an object; the value's reference moves into it. NULL puts null. */
void json_put(json_object *doc, const char *name, json_object *value);
/* Puts nothing when `text` is SLICE_NONE (p is NULL). Bytes that are no UTF-8 become U+FFFD. */
void json_put_text(json_object *doc, const char *name, struct slice text);
void json_put_number(json_object *doc, const char *name, int64_t number);
void json_put_bool(json_object *doc, const char *name, bool truth);
/* A new empty array or object, put into `doc` and borrowed from it. */
json_object *json_put_array(json_object *doc, const char *name);
json_object *json_put_object(json_object *doc, const char *name);
/* A new empty object at the end of `array`, borrowed from it. */
json_object *json_add_object(json_object *array);
void         json_add_text(json_object *array, struct slice text);

#endif
