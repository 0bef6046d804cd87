/* The extensions that 1EdTech publishes, by the addresses of their contexts, so that badges which use them
 * need nobody's server. Each context and schema says what the extension's page says of its properties:
 * https://www.imsglobal.org/sites/default/files/Badges/OBv2p0Final/extensions/index.html */
#include "context_int.h"

#define EXTENSIONS "https://w3id.org/openbadges/extensions#"
#define PREFIXES                                                                                   \
    "\"obi\":\"https://w3id.org/openbadges#\",\"extensions\":\"" EXTENSIONS                        \
    "\",\"schema\":\"http://schema.org/\",\"cc\":\"http://creativecommons.org/ns#\""
/* A context with its terms, for objects of `type`; its schema is beside it. */
#define CONTEXT(terms, type, schema)                                                               \
    "{\"@context\":{" PREFIXES terms "},\"validation\":[{\"validatesType\":\"" EXTENSIONS type     \
    "\",\"validationSchema\":\"" schema "\"}]}"
#define AT(path) "https://w3id.org/openbadges/extensions/" path
#define PURL(path) "https://purl.imsglobal.org/spec/" path
#define STRING "{\"type\":\"string\"}"
#define STRINGS "{\"type\":[\"string\",\"array\"],\"items\":{\"type\":\"string\"}}"
#define ADDRESS "{\"type\":\"string\",\"format\":\"uri\"}"
#define OBJECT(properties, required)                                                               \
    "{\"type\":\"object\",\"properties\":{" properties "},\"required\":[" required "]}"

static const struct {
    const char *url, *text;
} documents[] = {
    { AT("exampleExtension/context.json"),
      CONTEXT(",\"exampleProperty\":\"schema:text\"", "ExampleExtension",
              AT("exampleExtension/schema.json")) },
    { AT("exampleExtension/schema.json"),
      OBJECT("\"exampleProperty\":" STRING, "\"exampleProperty\"") },

    { AT("applyLinkExtension/context.json"),
      CONTEXT(",\"url\":\"extensions:applyLink\"", "ApplyLink",
              AT("applyLinkExtension/schema.json")) },
    { AT("applyLinkExtension/schema.json"), OBJECT("\"url\":" ADDRESS, "\"url\"") },

    { AT("geoCoordinatesExtension/context.json"),
      CONTEXT(
          ",\"geo\":\"schema:geo\",\"name\":\"schema:name\",\"description\":\"schema:description\""
          ",\"latitude\":\"schema:latitude\",\"longitude\":\"schema:longitude\"",
          "GeoCoordinates", AT("geoCoordinatesExtension/schema.json")) },
    { AT("geoCoordinatesExtension/schema.json"),
      OBJECT("\"name\":" STRING ",\"description\":" STRING ",\"geo\":" OBJECT(
                 "\"latitude\":{\"type\":\"number\"},\"longitude\":{\"type\":\"number\"}",
                 "\"latitude\",\"longitude\""),
             "\"description\",\"geo\"") },

    { AT("accessibilityExtension/context.json"),
      CONTEXT(",\"url\":\"extensions:accessibility\""
              ",\"accessibilityAPI\":\"schema:accessibilityAPI\""
              ",\"accessibilityControl\":\"schema:accessibilityControl\""
              ",\"accessibilityFeature\":\"schema:accessibilityFeature\""
              ",\"accessibilityHazard\":\"schema:accessibilityHazard\"",
              "Accessibility", AT("accessibilityExtension/schema.json")) },
    { AT("accessibilityExtension/schema.json"),
      OBJECT("\"accessibilityAPI\":" STRINGS ",\"accessibilityControl\":" STRINGS
             ",\"accessibilityFeature\":" STRINGS ",\"accessibilityHazard\":" STRINGS
             ",\"url\":" ADDRESS,
             "") },

    { AT("originalCreatorExtension/context.json"),
      CONTEXT(",\"url\":\"extensions:originalCreator\"", "OriginalCreator",
              AT("originalCreatorExtension/schema.json")) },
    { AT("originalCreatorExtension/schema.json"), OBJECT("\"url\":" ADDRESS, "\"url\"") },

    { AT("licenseExtension/context.json"),
      CONTEXT(",\"legalCode\":\"cc:legalcode\",\"License\":\"cc:License\"", "LicenseExtension",
              AT("licenseExtension/schema.json")) },
    { AT("licenseExtension/schema.json"),
      OBJECT("\"id\":" STRING ",\"name\":" STRING ",\"legalCode\":" STRING, "") },

    { AT("recipientProfile/context.json"),
      CONTEXT("", "RecipientProfile", AT("recipientProfile/schema.json")) },
    { AT("recipientProfile/schema.json"),
      OBJECT("\"id\":" STRING ",\"name\":" STRING ",\"publicKey\":" ADDRESS, "") },

    { AT("endorsement/context.json"), CONTEXT(",\"endorsedObject\":\"extensions:endorsedObject\"",
                                              "Endorsement", AT("endorsement/schema.json")) },
    { AT("endorsement/schema.json"), OBJECT("\"endorsedObject\":{\"type\":\"object\"}", "") },

    { PURL("ob-accred/v1p0/context/"),
      CONTEXT(
          ",\"name\":\"schema:name\",\"url\":\"schema:url\",\"description\":\"schema:description\"",
          "IssuerAccreditation", PURL("ob-accred/v1p0/schema/")) },
    { PURL("ob-accred/v1p0/schema/"),
      OBJECT("\"name\":" STRING ",\"contactInstructions\":" STRING ",\"url\":" ADDRESS
             ",\"email\":" STRING ",\"address\":{\"type\":\"object\"},\"description\":" STRING,
             "\"name\",\"contactInstructions\",\"url\",\"address\"") },

    { PURL("ob-exdesc/v1p0/context/"),
      CONTEXT(",\"name\":\"schema:name\",\"narrative\":\"obi:narrative\"",
              "ExtraDescriptionExtension", PURL("ob-exdesc/v1p0/schema/")) },
    { PURL("ob-exdesc/v1p0/schema/"),
      OBJECT("\"name\":" STRING ",\"narrative\":" STRING, "\"name\",\"narrative\"") },

    { PURL("ob-assessment/v1p0/context/"),
      CONTEXT(",\"description\":\"schema:description\",\"assessments\":\"extensions:assessments\"",
              "AssessmentExtension", PURL("ob-assessment/v1p0/schema/")) },
    { PURL("ob-assessment/v1p0/schema/"),
      OBJECT("\"description\":" STRING
             ",\"assessments\":{\"type\":[\"object\",\"array\"],\"items\":"
             "{\"type\":\"object\"}}",
             "\"description\",\"assessments\"") },
};

/* The same documents are found under these. */
static const char *const bases[] = { "https://w3id.org/openbadges/extensions/",
                                     "http://w3id.org/openbadges/extensions/",
                                     "https://openbadgespec.org/extensions/",
                                     "http://openbadgespec.org/extensions/" };

static bool
is_at(struct slice url, struct slice document)
{
    struct slice first = slice_str(bases[0]);

    if (slice_eq(url, document))
        return true;
    for (size_t i = 0; i < COUNT_OF(bases) && slice_starts(document, first); i++)
        if (slice_starts(url, slice_str(bases[i])) &&
            slice_eq(slice_from(url, strlen(bases[i])), slice_from(document, first.n)))
            return true;
    return false;
}

json_object *
builtin_document(struct work *w, struct slice url)
{
    struct err e;

    for (size_t i = 0; i < COUNT_OF(documents); i++) {
        if (!is_at(url, slice_str(documents[i].url)))
            continue;
        if (w->builtins == NULL)
            w->builtins = ARENA_ARRAY(w->a, json_object *, COUNT_OF(documents));
        if (w->builtins[i] == NULL &&
            json_parse(slice_str(documents[i].text), &w->builtins[i], &e) == ERR_NONE)
            json_in_arena(w->a, w->builtins[i]);
        return w->builtins[i];
    }
    return NULL;
}
