/* The story of the project: from an empty backpack to a badge that another site shows. */
import fs from "node:fs";
import path from "node:path";
import { test, run, assert } from "./lib/tap.mjs";
import { Stack } from "./lib/stack.mjs";
import { launch, visitor, follow, phone, shoot, check_page, check_guard } from "./lib/browser.mjs";

const stack = Stack.shared();
const email = stack.address("story");
let browser, learner, page, badges, share;

test("the start page asks for an address and says what to expect", async () => {
    await page.goto("/");
    await shoot(stack, page, "start");
    await page.fill("#email", email);
    await follow(page, "main button");
    assert.equal(await page.textContent(".address"), email);
    await shoot(stack, page, "mail-sent");
    await check_page(page, "mail sent");
});

test("the mailed link asks first, and signs in when told to", async () => {
    const link = await stack.link_for(email);
    await page.goto(link);
    assert.equal(await page.textContent(".address"), email);
    await page.reload();
    await shoot(stack, page, "confirm");
    await check_page(page, "the link's page");
    /* A site that has a link of its own makes many press it: a click, or a key, that was meant for a page before. */
    const other = await visitor(browser, stack);
    await other.page.goto(link);
    assert.equal(await other.page.evaluate(() => document.activeElement.localName), "body");
    await check_guard(other.page, "main button");
    assert.deepEqual(other.complaints, []);
    await other.close();
    await follow(page, "main button");
    await page.waitForURL("**/backpack");
});

test("an empty backpack says what to do", async () => {
    assert.ok(await page.isVisible(".empty"));
    await shoot(stack, page, "backpack-empty");
    await page.click(".empty .button-main");
    await page.waitForURL("**/backpack/add");
});

test("a picture that an issuer baked is uploaded and verified", async () => {
    await page.setInputFiles("#file", badges.find((b) => b.version === "2.0" && !b.note).picture);
    await page.waitForSelector(".result-added");
    assert.equal(await page.locator(".step-failed").count(), 0);
    await shoot(stack, page, "added");
    await page.click(".result-added a");
    await page.waitForSelector(".verdict-valid");
    await shoot(stack, page, "badge");
});

/* What the demo issuer took back or let expire; the note of a signed one says no such thing. */
const is_over = (badge) => /^(expired|revoked)/.test(badge.note ?? "");

test("what cannot be added says which step failed, and several pictures go at once", async () => {
    await page.goto("/backpack/add");
    await page.setInputFiles("#file", badges.map((b) => b.picture));
    await page.waitForFunction((n) => document.querySelectorAll(".result:not(:has(progress))").length === n, badges.length);
    assert.equal(await page.locator(".result-failed").count(), badges.filter(is_over).length);
    assert.equal(await page.locator(".result-exists").count(), 1);
    assert.ok(await page.locator(".result-failed .step-failed").count() > 0);
    await shoot(stack, page, "results");
    await check_page(page, "results");
});

test("the picture that is downloaded is baked", async () => {
    await page.goto("/backpack");
    await follow(page, ".card-link >> nth=0");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("a[download]")]);
    const bytes = fs.readFileSync(await download.path());
    assert.ok(bytes.includes("openbadges") || bytes.includes("openbadges.org"), "a badge is inside");
});

test("a collection is made, filled and made public", async () => {
    await page.goto("/collections");
    await page.fill("#name", "Application 2027");
    await page.fill("#description", "What I made and learned by the river.");
    await page.click("main form button");
    await page.waitForURL(/\/collections\/\d+$/);
    for (const pick of await page.locator(".pick").all()) await pick.click();
    await page.click('button[value="put"]');
    await page.waitForSelector("[data-sort]");
    await page.check('input[value="public"]');
    await follow(page, 'form[action$="/change"] button');
    share = await page.inputValue("#share-url");
    assert.ok(share.startsWith(`${stack.base}/share/collection/`));
    await shoot(stack, page, "collection");
    await page.goto("/collections");
    await shoot(stack, page, "collections");
});

test("anybody sees the collection, and no address in it", async () => {
    const other = await visitor(browser, stack);
    const answer = await other.page.goto(share);
    const html = await answer.text();
    assert.equal(answer.headers()["set-cookie"], undefined);
    assert.equal(await other.page.locator(".show").count(), badges.filter((b) => !is_over(b)).length);
    assert.ok(!html.includes("@example.org") && !html.includes(email));
    for (const name of ["og:title", "og:image", "twitter:card"]) assert.ok(html.includes(`"${name}"`), name);
    const loaded = await other.page.evaluate(() => [...document.images].every((i) => { i.loading = "eager"; return true; }));
    assert.ok(loaded);
    await other.page.waitForFunction(() => [...document.images].every((i) => i.complete && i.naturalWidth > 0));
    await shoot(stack, other.page, "public-collection");
    assert.deepEqual(other.complaints, []);
    await other.close();
});

for (const way of ["fetch", "jsonp"])
    test(`another site shows the badges through the display API, by ${way}`, async () => {
        const other = await visitor(browser, stack, { baseURL: stack.demo });
        await other.page.goto("/blog.html");
        await other.page.fill("#email", email);
        await other.page.selectOption("#way", way);
        await other.page.click("#who button");
        await other.page.waitForSelector("#shelf .card");
        assert.equal(await other.page.textContent("#shelf h2"), "Application 2027");
        assert.equal(await other.page.locator("#shelf .card").count(), badges.filter((b) => !is_over(b)).length);
        await other.page.waitForFunction(() => [...document.images].every((i) => i.complete && i.naturalWidth > 0));
        await check_page(other.page, `the other site by ${way}`);
        await shoot(stack, other.page, `other-site-${way}`);
        await other.page.goto("/");
        await check_page(other.page, "the issuer's page");
        assert.deepEqual(other.complaints, []);
        await other.close();
    });

test("a badge gets a page of its own", async () => {
    await page.goto("/backpack");
    await follow(page, ".card-link >> nth=0");
    await page.check('input[value="public"]');
    await follow(page, 'form[action$="/visibility"] button');
    const address = await page.inputValue("#share-url");
    const other = await visitor(browser, stack);
    await other.page.goto(address);
    assert.ok(await other.page.isVisible(".verdict-valid"));
    assert.ok(!(await other.page.content()).includes(email));
    await shoot(stack, other.page, "public-badge");
    await check_page(other.page, "a public badge");
    await other.close();
});

test("every page of the learner is sound in light and dark, on a phone and on a desk", async () => {
    const paths = ["/backpack", "/backpack/add", "/collections", "/settings", "/help", new URL(share).pathname];
    await page.goto("/backpack");
    paths.push(await page.getAttribute(".card-link", "href"));
    await page.goto("/collections");
    paths.push(await page.getAttribute(".card-link", "href"));
    const storageState = await learner.context.storageState();
    for (const [device, options] of [["phone", phone], ["desk", {}]])
        for (const colorScheme of ["light", "dark"]) {
            const eyes = await visitor(browser, stack, { ...options, colorScheme, storageState, bypassCSP: true });
            for (const at of paths) {
                await eyes.page.goto(at);
                await shoot(stack, eyes.page, `${at.split("/").filter((p) => p && !/\d{6}|^[\w-]{20,}$/.test(p)).join("-")}${/\d{6}/.test(at) ? "-one" : ""}-${device}-${colorScheme}`);
                await check_page(eyes.page, `${at}, ${device}, ${colorScheme}`);
            }
            assert.deepEqual(eyes.complaints, []);
            await eyes.close();
        }
});

test("a badge that is removed is gone after a question", async () => {
    await page.goto("/backpack");
    const before = await page.locator(".card").count();
    await follow(page, ".card-link >> nth=0");
    await follow(page, ".button-bad");
    await shoot(stack, page, "remove");
    await check_page(page, "the question before removal");
    await page.click(".button-bad");
    await page.waitForURL("**/backpack");
    assert.equal(await page.locator(".card").count(), before - 1);
    const other = await visitor(browser, stack);
    await other.page.goto(share);
    assert.equal(await other.page.locator(".show").count(), before - 1);
    await other.close();
});

test("signing out ends it", async () => {
    await page.goto("/settings");
    await follow(page, 'form[action="/signout"] button');
    await page.goto("/backpack");
    assert.equal(new URL(page.url()).pathname, "/signin");
    assert.deepEqual(learner.complaints, []);
});

await run({
    stop_at_first: true,
    setup: async () => {
        badges = stack.badges_for(email);
        for (const badge of badges) assert.ok(fs.existsSync(path.resolve(badge.picture)));
        browser = await launch();
        learner = await visitor(browser, stack);
        page = learner.page;
    },
    teardown: async () => browser?.close(),
});
