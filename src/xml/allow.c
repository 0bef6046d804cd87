/* What of a picture is kept when it is written again: what draws, by name. All else goes, so that what somebody
 * invents tomorrow goes too. Nothing that is kept runs, is fetched, or leads away. */
#include "xml_int.h"

#define SVG_URI "http://www.w3.org/2000/svg"
#define XLINK_URI "http://www.w3.org/1999/xlink"
#define XML_URI "http://www.w3.org/XML/1998/namespace"

static const char *const elements[] = {
    "a",
    "animate",
    "animateMotion",
    "animateTransform",
    "circle",
    "clipPath",
    "defs",
    "desc",
    "ellipse",
    "feBlend",
    "feColorMatrix",
    "feComponentTransfer",
    "feComposite",
    "feConvolveMatrix",
    "feDiffuseLighting",
    "feDisplacementMap",
    "feDistantLight",
    "feDropShadow",
    "feFlood",
    "feFuncA",
    "feFuncB",
    "feFuncG",
    "feFuncR",
    "feGaussianBlur",
    "feImage",
    "feMerge",
    "feMergeNode",
    "feMorphology",
    "feOffset",
    "fePointLight",
    "feSpecularLighting",
    "feSpotLight",
    "feTile",
    "feTurbulence",
    "filter",
    "font",
    "font-face",
    "font-face-name",
    "font-face-src",
    "g",
    "glyph",
    "hkern",
    "image",
    "line",
    "linearGradient",
    "marker",
    "mask",
    "metadata",
    "missing-glyph",
    "mpath",
    "path",
    "pattern",
    "polygon",
    "polyline",
    "radialGradient",
    "rect",
    "set",
    "solidColor",
    "stop",
    "style",
    "svg",
    "switch",
    "symbol",
    "text",
    "textPath",
    "title",
    "tref",
    "tspan",
    "use",
    "view",
    "vkern",
};

/* Names that mean words, not drawing. */
static const char *const words[] = {
    "aria-describedby",
    "aria-hidden",
    "aria-label",
    "aria-labelledby",
    "class",
    "id",
    "lang",
    "role",
    "systemLanguage",
};

/* What may be drawn with, and so what may be animated. */
static const char *const drawing[] = {
    "accumulate",
    "additive",
    "alignment-baseline",
    "amplitude",
    "arabic-form",
    "ascent",
    "attributeType",
    "azimuth",
    "baseFrequency",
    "baseProfile",
    "baseline-shift",
    "bbox",
    "begin",
    "bias",
    "by",
    "calcMode",
    "cap-height",
    "clip",
    "clip-path",
    "clip-rule",
    "clipPathUnits",
    "color",
    "color-interpolation",
    "color-interpolation-filters",
    "color-profile",
    "color-rendering",
    "cx",
    "cy",
    "d",
    "descent",
    "diffuseConstant",
    "direction",
    "display",
    "divisor",
    "dominant-baseline",
    "dur",
    "dx",
    "dy",
    "edgeMode",
    "elevation",
    "enable-background",
    "end",
    "exponent",
    "fill",
    "fill-opacity",
    "fill-rule",
    "filter",
    "filterRes",
    "filterUnits",
    "flood-color",
    "flood-opacity",
    "font-family",
    "font-size",
    "font-size-adjust",
    "font-stretch",
    "font-style",
    "font-variant",
    "font-weight",
    "fr",
    "from",
    "fx",
    "fy",
    "g1",
    "g2",
    "glyph-name",
    "glyph-orientation-horizontal",
    "glyph-orientation-vertical",
    "gradientTransform",
    "gradientUnits",
    "height",
    "horiz-adv-x",
    "horiz-origin-x",
    "horiz-origin-y",
    "image-rendering",
    "in",
    "in2",
    "intercept",
    "isolation",
    "k",
    "k1",
    "k2",
    "k3",
    "k4",
    "kernelMatrix",
    "kernelUnitLength",
    "kerning",
    "keyPoints",
    "keySplines",
    "keyTimes",
    "lengthAdjust",
    "letter-spacing",
    "lighting-color",
    "limitingConeAngle",
    "marker",
    "marker-end",
    "marker-mid",
    "marker-start",
    "markerHeight",
    "markerUnits",
    "markerWidth",
    "mask",
    "mask-type",
    "maskContentUnits",
    "maskUnits",
    "max",
    "media",
    "method",
    "min",
    "mix-blend-mode",
    "mode",
    "name",
    "numOctaves",
    "offset",
    "opacity",
    "operator",
    "order",
    "orient",
    "orientation",
    "origin",
    "overflow",
    "overline-position",
    "overline-thickness",
    "paint-order",
    "panose-1",
    "path",
    "pathLength",
    "patternContentUnits",
    "patternTransform",
    "patternUnits",
    "pointer-events",
    "points",
    "pointsAtX",
    "pointsAtY",
    "pointsAtZ",
    "preserveAlpha",
    "preserveAspectRatio",
    "primitiveUnits",
    "r",
    "radius",
    "refX",
    "refY",
    "repeatCount",
    "repeatDur",
    "requiredExtensions",
    "requiredFeatures",
    "restart",
    "result",
    "rotate",
    "rx",
    "ry",
    "scale",
    "seed",
    "shape-rendering",
    "side",
    "slope",
    "solid-color",
    "solid-opacity",
    "spacing",
    "specularConstant",
    "specularExponent",
    "spreadMethod",
    "startOffset",
    "stdDeviation",
    "stemh",
    "stemv",
    "stitchTiles",
    "stop-color",
    "stop-opacity",
    "strikethrough-position",
    "strikethrough-thickness",
    "stroke",
    "stroke-dasharray",
    "stroke-dashoffset",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-miterlimit",
    "stroke-opacity",
    "stroke-width",
    "surfaceScale",
    "tableValues",
    "targetX",
    "targetY",
    "text-anchor",
    "text-decoration",
    "text-rendering",
    "textLength",
    "to",
    "transform",
    "transform-origin",
    "type",
    "u1",
    "u2",
    "underline-position",
    "underline-thickness",
    "unicode",
    "unicode-bidi",
    "unicode-range",
    "units-per-em",
    "values",
    "vector-effect",
    "version",
    "vert-adv-y",
    "vert-origin-x",
    "vert-origin-y",
    "viewBox",
    "viewTarget",
    "visibility",
    "width",
    "widths",
    "word-spacing",
    "writing-mode",
    "x",
    "x-height",
    "x1",
    "x2",
    "xChannelSelector",
    "y",
    "y1",
    "y2",
    "yChannelSelector",
    "z",
    "zoomAndPan",
};

/* Descriptions, which nothing draws: licences, and what Open Badges 3.0 bakes in. */
static const char *const inert[] = {
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://creativecommons.org/ns#",
    "http://web.resource.org/cc/",
    "http://purl.org/dc/elements/1.1/",
    "http://purl.org/dc/terms/",
    "https://purl.imsglobal.org/ob/v3p0",
};

static bool
is_in(const char *const *names, size_t count, struct slice name)
{
    /* The first letter tells most names apart, at a fraction of the cost. */
    for (size_t i = 0; i < count && name.n > 0; i++)
        if (names[i][0] == name.p[0] && slice_eq(name, slice_str(names[i])))
            return true;
    return false;
}
#define IS_IN(names, name) is_in(names, COUNT_OF(names), name)

static bool
starts_with_one_of(const char *const *begins, size_t count, struct slice s)
{
    for (size_t i = 0; i < count; i++)
        if (slice_starts_nocase(s, slice_str(begins[i])))
            return true;
    return false;
}

/* Pictures of dots, and letters to write with. An SVG in one would be a second file that nobody has looked at. */
static bool
is_own_data(struct slice address)
{
    static const char *const begins[] = {
        "data:image/png;",  "data:image/jpeg;", "data:image/jpg;",       "data:image/gif;",
        "data:image/webp;", "data:font/",       "data:application/font", "data:application/x-font",
    };

    return starts_with_one_of(begins, COUNT_OF(begins), address);
}

/* Behind `url(`: a place in the file itself, or data. */
static bool
stays_inside(struct slice at)
{
    at = slice_trim(at);
    if (slice_starts(at, SL("\"")) || slice_starts(at, SL("'")))
        at = slice_trim(slice_from(at, 1));
    return slice_starts(at, SL("#")) || is_own_data(at);
}

/* The other functions of CSS that take an address, old browsers' ways to run something, and properties that do. */
static bool
reaches_out(struct slice at)
{
    static const char *const begins[] = { "image(",       "image-set(",  "src(",
                                          "cross-fade(",  "expression(", "behavior",
                                          "-moz-binding", "javascript:", "vbscript:" };

    return starts_with_one_of(begins, COUNT_OF(begins), at);
}

/* Also between blocks, whose rules these are; not `@import`. */
static bool
is_known_rule(struct slice at)
{
    static const char *const begins[] = { "@font-face", "@media", "@keyframes",
                                          "@-webkit-keyframes", "@supports" };

    return starts_with_one_of(begins, COUNT_OF(begins), at);
}

/* An escape could spell any of the others. */
static bool
begins_harm(struct slice at)
{
    return slice_starts(at, SL("\\")) || (slice_starts(at, SL("@")) && !is_known_rule(at)) ||
           (slice_starts_nocase(at, SL("url(")) && !stays_inside(slice_from(at, 4))) ||
           reaches_out(at);
}

bool
svg_css_allowed(struct slice css)
{
    for (size_t i = 0; i < css.n; i++) {
        /* Nothing harmful begins with these, which paths are made of. */
        if ((css.p[i] >= '0' && css.p[i] <= '9') || css.p[i] == ' ' || css.p[i] == '.' ||
            css.p[i] == ',')
            continue;
        if (begins_harm(slice_from(css, i)))
            return false;
    }
    return true;
}

static bool
is_svg(const struct svg_element *el)
{
    return el->uri.n == 0 || slice_eq(el->uri, SL(SVG_URI));
}

bool
svg_element_allowed(const struct svg_element *el)
{
    return is_svg(el) ? IS_IN(elements, el->name) : IS_IN(inert, el->uri);
}

/* Only to a place in the file itself; a picture of dots may stand in a picture. */
static bool
is_link_allowed(const struct svg_element *el, struct slice value)
{
    bool picture = slice_eq(el->name, SL("image")) || slice_eq(el->name, SL("feImage"));

    value = slice_trim(value);
    return slice_starts(value, SL("#")) || (picture && is_own_data(value));
}

bool
svg_attribute_allowed(const struct svg_element *el, const struct svg_attribute *at)
{
    if (slice_eq(at->uri, SL(XML_URI)))
        return slice_eq(at->name, SL("space")) || slice_eq(at->name, SL("lang"));
    if (!is_svg(el))
        return at->uri.n == 0 || IS_IN(inert, at->uri);
    if (slice_eq(at->uri, SL(XLINK_URI)) || at->uri.n == 0) {
        if (slice_eq(at->name, SL("href")))
            return is_link_allowed(el, at->value);
    }
    if (at->uri.n > 0)
        return false;
    /* An animation of a link would lead where no link may. */
    if (slice_eq(at->name, SL("attributeName")))
        return IS_IN(drawing, at->value);
    if (IS_IN(words, at->name))
        return true;
    return (slice_eq(at->name, SL("style")) || IS_IN(drawing, at->name)) &&
           svg_css_allowed(at->value);
}
