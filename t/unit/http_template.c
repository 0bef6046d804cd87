/* Mustache's rules, one promise a test, and what goes beyond them: messages, assets, safe places. */
#include "test.h"

#include "core/arena.h"
#include "http/template.h"
#include "json/json.h"

static const char po[] = "msgid \"\"\nmsgstr \"\"\n\"Content-Type: text/plain; charset=UTF-8\\n\"\n"
                         "\"Plural-Forms: nplurals=2; plural=(n != 1);\\n\"\n\n"
                         "msgid \"hello\"\nmsgstr \"Hello {name} & co\"\n\n"
                         "msgid \"found\"\nmsgid_plural \"found\"\n"
                         "msgstr[0] \"one badge\"\nmsgstr[1] \"{count} badges\"\n";

static struct slice
asset_path(struct slice name)
{
    return slice_eq(name, SL("app.css")) ? SL("/static/app.1.css") : SLICE_NONE;
}

/* Renders `files[0]` and frees everything; the text is malloc's, NULL when it does not compile or render. */
static char *
render_files(const struct text_file *files, size_t count, const char *page, const char *json)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    SCOPED(json_drop) json_object   *model = NULL;
    struct templates                *t;
    struct catalogue                *words;
    struct slice                     out = SLICE_NONE;
    struct err                       e;

    assert_int_equal(json_parse(slice_str(json), &model, &e), ERR_NONE);
    assert_int_equal(catalogue_new(SL("en"), slice_str(po), false, &words, &e), ERR_NONE);
    if (templates_new(files, count, asset_path, &t, &e) == ERR_NONE) {
        if (templates_render(t, a, files[0].name, page, model, words, &out, &e) != ERR_NONE)
            out = SLICE_NONE;
        templates_free(t);
    }
    catalogue_free(words);
    return out.p == NULL ? NULL : strndup(out.p, out.n);
}

#define assert_rendered(text, json, want) assert_rendered_at(text, json, want, __LINE__)
static void
assert_rendered_at(const char *text, const char *json, const char *want, int line)
{
    struct text_file file = { "main", slice_str(text) };
    char            *have = render_files(&file, 1, NULL, json);

    if (have == NULL ? want != NULL : want == NULL || strcmp(have, want) != 0)
        fail_msg("line %d: have \"%s\", want \"%s\"", line, have == NULL ? "(refused)" : have,
                 want == NULL ? "(refused)" : want);
    free(have);
}

static void
assert_partial_at(const char *text, const char *partial, const char *json, const char *want, int line)
{
    struct text_file files[] = { { "main", slice_str(text) }, { "part", slice_str(partial) } };
    char            *have = render_files(files, 2, "part", json);

    if (have == NULL || strcmp(have, want) != 0)
        fail_msg("line %d: have \"%s\", want \"%s\"", line, have == NULL ? "(refused)" : have, want);
    free(have);
}
#define assert_partial(text, partial, json, want)                                                  \
    assert_partial_at(text, partial, json, want, __LINE__)

static void
values_are_found_and_escaped(void **state)
{
    (void)state;
    assert_rendered("no tags", "{}", "no tags");
    assert_rendered("Hello, {{subject}}!", "{\"subject\":\"world\"}", "Hello, world!");
    assert_rendered("{{x}}", "{\"x\":\"& \\\" < > '\"}", "&amp; &quot; &lt; &gt; &#39;");
    assert_rendered("{{n}} {{d}} {{b}}", "{\"n\":85,\"d\":1.21,\"b\":true}", "85 1.21 true");
    assert_rendered("({{null}})({{none}})", "{\"null\":null}", "()()");
    assert_rendered("| {{ string }} |", "{\"string\":\"---\"}", "| --- |");
    assert_rendered("|\n{{string}}\n|", "{\"string\":\"-\"}", "|\n-\n|");
    assert_rendered("({{o}}{{l}})", "{\"o\":{\"a\":1},\"l\":[1]}", "()");
    assert_rendered("{{x}}", "{\"x\":\"{{y}}\",\"y\":1}", "{{y}}");
}

static void
dotted_names_follow_their_first_part(void **state)
{
    (void)state;
    assert_rendered("{{a.b.c}}", "{\"a\":{\"b\":{\"c\":\"x\"}}}", "x");
    assert_rendered("({{a.b.c}})", "{\"a\":{\"b\":{}}}", "()");
    assert_rendered("{{#a}}({{b.c}}){{/a}}", "{\"a\":{\"b\":{}},\"b\":{\"c\":\"wrong\"}}", "()");
    assert_rendered("({{a.b.c.name}})", "{\"a\":{\"b\":{}},\"c\":{\"name\":\"wrong\"}}", "()");
    assert_rendered("{{#a}}{{b}}{{/a}}", "{\"a\":{\"x\":1},\"b\":\"outer\"}", "outer");
    assert_rendered("{{#a}}({{b}}){{/a}}", "{\"a\":{\"b\":null},\"b\":\"outer\"}", "()");
}

static void
sections_show_what_is_true_and_repeat_lists(void **state)
{
    (void)state;
    assert_rendered("{{#b}}yes{{/b}}{{^b}}no{{/b}}", "{\"b\":true}", "yes");
    assert_rendered("{{#b}}yes{{/b}}{{^b}}no{{/b}}", "{\"b\":false}", "no");
    assert_rendered("{{#b}}yes{{/b}}{{^b}}no{{/b}}", "{\"b\":null}", "no");
    assert_rendered("{{#b}}yes{{/b}}{{^b}}no{{/b}}", "{\"b\":[]}", "no");
    assert_rendered("{{#b}}yes{{/b}}{{^b}}no{{/b}}", "{\"b\":\"\"}", "no");
    assert_rendered("{{#b}}yes{{/b}}{{^b}}no{{/b}}", "{\"b\":0}", "no");
    assert_rendered("{{#b}}yes{{/b}}{{^b}}no{{/b}}", "{}", "no");
    assert_rendered("{{#c}}Hi {{name}}.{{/c}}", "{\"c\":{\"name\":\"Joe\"}}", "Hi Joe.");
    assert_rendered("{{#l}}{{i}}{{/l}}", "{\"l\":[{\"i\":1},{\"i\":2},{\"i\":3}]}", "123");
    assert_rendered("{{#l}}({{.}}){{/l}}", "{\"l\":[\"a\",1,2.5]}", "(a)(1)(2.5)");
    assert_rendered("{{#l}}({{#.}}{{.}}{{/.}}){{/l}}", "{\"l\":[[1,2],[3]]}", "(12)(3)");
    assert_rendered("{{#foo}}{{.}} is {{foo}}{{/foo}}", "{\"foo\":\"bar\"}", "bar is bar");
    assert_rendered("{{#a.b.c}}Here{{/a.b.c}}", "{\"a\":{\"b\":{\"c\":true}}}", "Here");
    assert_rendered("{{^a.b.c}}Not here{{/a.b.c}}", "{\"a\":{}}", "Not here");
    assert_rendered("{{#a}}{{one}}{{#b}}{{one}}{{two}}{{#c}}{{one}}{{two}}{{three}}{{/c}}{{/b}}{{/a}}",
                    "{\"a\":{\"one\":1},\"b\":{\"two\":2},\"c\":{\"three\":3}}", "112123");
    assert_rendered("{{#bool}}A {{#bool}}B{{/bool}} C{{/bool}}", "{\"bool\":true}", "A B C");
}

static void
tags_alone_on_a_line_take_the_line_with_them(void **state)
{
    (void)state;
    assert_rendered("| This Is\n{{#b}}\n|\n{{/b}}\n| A Line\n", "{\"b\":true}",
                    "| This Is\n|\n| A Line\n");
    assert_rendered("|\r\n{{#b}}\r\n{{/b}}\r\n|", "{\"b\":true}", "|\r\n|");
    assert_rendered("  {{#b}}\n#{{/b}}\n/", "{\"b\":true}", "#\n/");
    assert_rendered("#{{#b}}\n/\n  {{/b}}", "{\"b\":true}", "#\n/\n");
    assert_rendered(" {{#b}}YES{{/b}}\n {{#b}}GOOD{{/b}}\n", "{\"b\":true}", " YES\n GOOD\n");
    assert_rendered("Begin.\n{{! comment }}\nEnd.\n", "{}", "Begin.\nEnd.\n");
    assert_rendered("12345{{! a\nb }}67890", "{}", "1234567890");
    assert_rendered("  12 {{! 34 }}\n", "{}", "  12 \n");
    assert_rendered("  {{x}}\n", "{\"x\":\"y\"}", "  y\n");
    assert_rendered("{{^b}}\n|\n{{/b}}\n", "{\"b\":true}", "");
}

static void
delimiters_can_be_set(void **state)
{
    (void)state;
    assert_rendered("{{=<% %>=}}(<%text%>)", "{\"text\":\"Hey\"}", "(Hey)");
    assert_rendered("({{=[ ]=}}[text])", "{\"text\":\"It\"}", "(It)");
    assert_rendered("{{#s}}\n{{x}}|x|\n{{/s}}\n{{= | | =}}\n|#s|\n{{x}}|x|\n|/s|\n",
                    "{\"s\":true,\"x\":\"I\"}", "I|x|\n{{x}}I\n");
    assert_rendered("Begin.\n{{=@ @=}}\nEnd.\n", "{}", "Begin.\nEnd.\n");
    assert_rendered("{{=<%%>=}}", "{}", NULL);
    assert_rendered("{{= =}}", "{}", NULL);
}

static void
partials_share_the_context_and_are_indented(void **state)
{
    (void)state;
    assert_partial("\"{{>part}}\"", "*{{text}}*", "{\"text\":\"content\"}", "\"*content*\"");
    assert_partial("{{>part}}", "{{content}}[{{#nodes}}{{>part}}{{/nodes}}]",
                   "{\"content\":\"X\",\"nodes\":[{\"content\":\"Y\",\"nodes\":[]}]}", "X[Y[]]");
    assert_partial("| {{> part }} |", "\t|\t", "{}", "| \t|\t |");
    assert_partial("  {{data}}  {{> part}}\n", ">\n>", "{\"data\":\"|\"}", "  |  >\n>\n");
    assert_partial("\\\n {{>part}}\n/\n", "|\n{{x}}\n|\n", "{\"x\":\"<\\n->\"}",
                   "\\\n |\n &lt;\n-&gt;\n |\n/\n");
    assert_partial("|\r\n{{>part}}\r\n|", ">", "{}", "|\r\n>|");
    assert_partial("<body>{{> page}}</body>", "page {{x}}", "{\"x\":1}", "<body>page 1</body>");
}

static void
a_partial_that_never_ends_is_refused(void **state)
{
    struct text_file file = { "main", SL("{{> main}}") };
    (void)state;

    assert_null(render_files(&file, 1, NULL, "{}"));
}

static void
what_is_wrong_does_not_compile(void **state)
{
    (void)state;
    assert_rendered("{{#a}}", "{}", NULL);
    assert_rendered("{{/a}}", "{}", NULL);
    assert_rendered("{{#a}}{{#b}}{{/a}}{{/b}}", "{}", NULL);
    assert_rendered("{{a", "{}", NULL);
    assert_rendered("{{}}", "{}", NULL);
    assert_rendered("{{a..}}", "{}", NULL);
    assert_rendered("{{> nowhere}}", "{}", NULL);
    assert_rendered("{{asset.nowhere.css}}", "{}", NULL);
    assert_rendered("{{{x}}}", "{\"x\":1}", NULL);
    assert_rendered("{{&x}}", "{\"x\":1}", NULL);
}

static void
messages_come_from_the_catalogue(void **state)
{
    (void)state;
    assert_rendered("{{#p}}{{t.hello}}{{/p}}", "{\"p\":{\"name\":\"<Ann>\"}}",
                    "Hello &lt;Ann&gt; &amp; co");
    assert_rendered("{{t.found}}", "{\"count\":1}", "one badge");
    assert_rendered("{{t.found}}", "{\"count\":2}", "2 badges");
    assert_rendered("{{t.found}}", "{\"count\":0}", "0 badges");
    assert_rendered("{{t.not.there}}", "{}", "not.there");
    assert_rendered("{{t.hello}}", "{}", "Hello {name} &amp; co");
    assert_rendered("<link href=\"{{asset.app.css}}\">", "{}", "<link href=\"/static/app.1.css\">");
}

static void
an_address_is_ours_or_of_the_web(void **state)
{
    (void)state;
    assert_rendered("<a href=\"{{u}}\">", "{\"u\":\"https://a.example/?b&c\"}",
                    "<a href=\"https://a.example/?b&amp;c\">");
    assert_rendered("<a href=\"{{u}}\">", "{\"u\":\"/x\"}", "<a href=\"/x\">");
    assert_rendered("<a href='{{u}}'>", "{\"u\":\"javascript:alert(1)\"}", "<a href=''>");
    assert_rendered("<a HREF=\"{{u}}\">", "{\"u\":\"data:text/html,x\"}", "<a HREF=\"\">");
    assert_rendered("<a href=\"{{u}}\">", "{\"u\":\"//evil.example\"}", "<a href=\"\">");
    assert_rendered("<a href=\"{{u}}\">", "{\"u\":\"/\\\\evil.example\"}", "<a href=\"\">");
    assert_rendered("<a href=\"{{#a}}/x{{/a}}{{^a}}{{u}}{{/a}}\">", "{\"u\":\"javascript:1\"}",
                    "<a href=\"\">");
    assert_rendered("<a href=\"mailto:{{u}}\">", "{\"u\":\"a@b\"}", "<a href=\"mailto:a@b\">");
    assert_rendered("<a href=\"{{u}}#{{v}}\">", "{\"u\":\"/x\",\"v\":\"javascript:1\"}",
                    "<a href=\"/x#javascript:1\">");
    assert_rendered("<a title=\"{{u}}\">", "{\"u\":\"javascript:1\"}", "<a title=\"javascript:1\">");
    assert_rendered("<form><button formaction=\"{{u}}\">", "{\"u\":\"javascript:1\"}",
                    "<form><button formaction=\"\">");
}

static void
a_value_stands_only_where_escaping_is_enough(void **state)
{
    (void)state;
    assert_rendered("<a title={{x}}>", "{}", NULL);
    assert_rendered("<{{x}}>", "{}", NULL);
    assert_rendered("<a {{x}}=\"\">", "{}", NULL);
    assert_rendered("<script>{{x}}</script>", "{}", NULL);
    assert_rendered("<style>{{x}}</style>", "{}", NULL);
    assert_rendered("<a onclick=\"{{x}}\">", "{}", NULL);
    assert_rendered("<a style=\"{{x}}\">", "{}", NULL);
    assert_rendered("<!-- {{x}} -->", "{}", NULL);
    assert_rendered("<script src=\"/a.js\"></script>{{x}}", "{\"x\":1}",
                    "<script src=\"/a.js\"></script>1");
    assert_rendered("<!-- > -->{{x}}", "{\"x\":1}", "<!-- > -->1");
    assert_rendered("1 < 2 {{x}}", "{\"x\":1}", "1 < 2 1");
    assert_rendered("<a title=\">\" alt=\"{{x}}\">", "{\"x\":1}", "<a title=\">\" alt=\"1\">");
    assert_rendered("<a{{#x}} class=\"{{x}}\"{{/x}}>", "{\"x\":\"y\"}", "<a class=\"y\">");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found_and_escaped),
        cmocka_unit_test(dotted_names_follow_their_first_part),
        cmocka_unit_test(sections_show_what_is_true_and_repeat_lists),
        cmocka_unit_test(tags_alone_on_a_line_take_the_line_with_them),
        cmocka_unit_test(delimiters_can_be_set),
        cmocka_unit_test(partials_share_the_context_and_are_indented),
        cmocka_unit_test(a_partial_that_never_ends_is_refused),
        cmocka_unit_test(what_is_wrong_does_not_compile),
        cmocka_unit_test(messages_come_from_the_catalogue),
        cmocka_unit_test(an_address_is_ours_or_of_the_web),
        cmocka_unit_test(a_value_stands_only_where_escaping_is_enough),
    };

    return RUN_TAP(tests);
}
