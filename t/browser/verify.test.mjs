/* Checking a badge without signing in, and reading what was found: by pointer, by keys, without JavaScript. */
import { test, run, assert } from "./lib/tap.mjs";
import { Stack } from "./lib/stack.mjs";
import { launch, visitor, follow, sign_in, phone, shoot, check_page } from "./lib/browser.mjs";

const stack = Stack.shared();
const email = stack.address("verify");
let browser, badges;

const of_slug = (slug) => badges.find((badge) => badge.slug === slug);
async function check_text(page, text, recipient = "") {
    await page.goto("/verify");
    await page.fill("#data", text);
    await page.fill("#recipient", recipient);
    await follow(page, 'form:has(#data) button');
}

test("the pages are sound, in light and dark, on a phone and on a desk", async () => {
    for (const [name, options] of Object.entries({
        desk: {}, phone, "desk-dark": { colorScheme: "dark" }, "phone-dark": { ...phone, colorScheme: "dark" },
    })) {
        const { page, complaints, close } = await visitor(browser, stack, options);
        const look = async (at, what) => {
            for (const details of await page.locator("details").all()) await details.evaluate((d) => (d.open = true));
            await shoot(stack, page, `verify-${at}-${name}`);
            await check_page(page, `${what}, ${name}`);
        };
        await page.goto("/");
        await follow(page, '.foot a[href="/verify"]');
        await look("form", "the form");
        await check_text(page, of_slug("first-flight").assertion, email);
        assert.ok((await page.textContent(".verdict-valid")).includes("This badge is verified"));
        assert.ok((await page.textContent(".note-good")).includes(email));
        await look("valid", "a valid badge");
        await check_text(page, of_slug("first-aid").assertion);
        assert.ok(await page.isVisible(".verdict-expired"));
        await look("expired", "an expired badge");
        await check_text(page, of_slug("story-teller").assertion, "somebody@example.org");
        assert.ok(await page.isVisible(".verdict-invalid"));
        assert.ok(await page.isVisible(".finding-invalid"));
        await look("mismatch", "somebody else's badge");
        assert.deepEqual(complaints, []);
        await close();
    }
});

test("a badge is checked by keyboard alone", async () => {
    const { page, complaints, close } = await visitor(browser, stack);
    const focused = (selector) => page.evaluate((s) => document.activeElement.matches(s), selector);
    await page.goto("/verify");
    for (let i = 0; i < 10 && !(await focused("#data")); i++) await page.keyboard.press("Tab");
    await page.keyboard.type(of_slug("map-reader").assertion);
    await page.keyboard.press("Tab");
    assert.ok(await focused("#recipient"));
    await page.keyboard.type(email);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    assert.ok(await page.isVisible(".verdict-valid"));
    for (let i = 0; i < 30 && !(await focused("summary")); i++) await page.keyboard.press("Tab");
    assert.ok(!(await page.isVisible(".document")));
    await page.keyboard.press("Enter");
    assert.ok(await page.isVisible(".document >> nth=0"));
    assert.deepEqual(complaints, []);
    await close();
});

test("a picture is checked without JavaScript, and the report is taken along", async () => {
    const { page, close } = await visitor(browser, stack, { ...phone, javaScriptEnabled: false });
    await page.goto("/verify");
    await follow(page, 'form:has(#data) button');
    assert.ok(await page.isVisible("[role=alert]"));
    await page.setInputFiles("#image", of_slug("night-sky").picture);
    await follow(page, 'form:has(#data) button');
    assert.ok(await page.isVisible(".verdict-valid"));
    const [file] = await Promise.all([page.waitForEvent("download"), page.click(".report form button")]);
    assert.equal(file.suggestedFilename(), "badge-report.json");
    await close();
});

test("an owner reads the report that was kept", async () => {
    const { page, complaints, close } = await visitor(browser, stack, phone);
    await sign_in(stack, page, email);
    stack.tool("import", "--user", email, of_slug("story-teller").assertion);
    await page.goto("/backpack");
    await follow(page, ".card-link");
    await follow(page, '.verdict a[href$="/report"]');
    assert.ok((await page.locator(".finding-warning").count()) > 0);
    assert.equal(await page.locator(".chain > li").count(), 3);
    await page.click("summary");
    await shoot(stack, page, "badge-report");
    await check_page(page, "a badge's report");
    const [file] = await Promise.all([page.waitForEvent("download"), page.click(".report .button")]);
    assert.equal(file.suggestedFilename(), "badge-report.json");
    assert.deepEqual(complaints, []);
    await close();
});

await run({
    setup: async () => {
        badges = stack.badges_for(email);
        browser = await launch();
    },
    teardown: async () => browser?.close(),
});
