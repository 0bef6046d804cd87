/* Other ways to the same end: by keyboard alone, without JavaScript, by dragging, in two tabs at once. */
import fs from "node:fs";
import { test, run, assert } from "./lib/tap.mjs";
import { Stack } from "./lib/stack.mjs";
import { launch, visitor, follow, sign_in, phone, shoot, check_page } from "./lib/browser.mjs";

const stack = Stack.shared();
let browser;

/* Tab until what has the focus matches, as somebody without a mouse would. */
async function tab_to(page, selector, most = 120) {
    for (let i = 0; i < most; i++) {
        await page.keyboard.press("Tab");
        if (await page.evaluate((s) => document.activeElement?.matches(s), selector)) {
            const seen = await page.evaluate(() => {
                const at = document.activeElement;
                const ringed = at.closest(".choice, .pick") ?? at;
                const after = getComputedStyle(at, "::after");
                return getComputedStyle(ringed).outlineStyle !== "none" || after.outlineStyle !== "none";
            });
            assert.ok(seen, `the focus on ${selector} is visible`);
            return;
        }
    }
    throw new Error(`the keyboard does not reach ${selector} on ${page.url()}`);
}
async function press_and_load(page, key) {
    await Promise.all([page.waitForNavigation(), page.keyboard.press(key)]);
}

test("all of it goes by keyboard alone", async () => {
    const { page, complaints, close } = await visitor(browser, stack);
    const email = stack.address("keys");
    const [badge] = stack.badges_for(email).filter((b) => !b.note);
    await page.goto("/");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.keyboard.press("Enter");
    await tab_to(page, "#email");
    await page.keyboard.type(email);
    await press_and_load(page, "Enter");
    await page.goto(await stack.link_for(email));
    await page.waitForSelector("main button:not([aria-disabled])");
    await tab_to(page, "main button");
    await press_and_load(page, "Enter");
    await tab_to(page, '.empty a[href="/backpack/add"]');
    await press_and_load(page, "Enter");
    await tab_to(page, "#url");
    await page.keyboard.type(badge.assertion);
    await press_and_load(page, "Enter");
    await tab_to(page, ".result-added a");
    await press_and_load(page, "Enter");
    await tab_to(page, 'a[href="/collections"]', 8);
    await press_and_load(page, "Enter");
    await tab_to(page, "#name");
    await page.keyboard.type("By keys");
    await press_and_load(page, "Enter");
    await tab_to(page, ".pick input");
    await page.keyboard.press("Space");
    await tab_to(page, 'button[value="put"]');
    await press_and_load(page, "Enter");
    await tab_to(page, 'input[name="visibility"]');
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    assert.ok(await page.isChecked('input[value="public"]'));
    await tab_to(page, 'form[action$="/change"] button');
    await press_and_load(page, "Space");
    assert.ok((await page.inputValue("#share-url")).includes("/share/collection/"));
    await page.goto("/settings");
    await tab_to(page, 'form[action="/signout"] button');
    await press_and_load(page, "Enter");
    assert.deepEqual(complaints, []);
    await close();
});

test("all of it goes without JavaScript", async () => {
    const { page, close } = await visitor(browser, stack, { javaScriptEnabled: false });
    const email = stack.address("plain");
    const badges = stack.badges_for(email);
    const good = badges.filter((b) => !b.note);
    await sign_in(stack, page, email);
    await page.goto("/backpack/add");
    await page.setInputFiles("#file", badges.slice(0, 8).map((b) => b.picture));
    await follow(page, 'form:has(#file) button');
    assert.equal(await page.locator(".result").count(), Math.min(8, badges.length));
    for (const badge of good) {
        await page.goto("/backpack/add");
        await page.fill("#url", badge.assertion);
        await follow(page, "form:has(#url) button");
    }
    await page.goto("/collections");
    await page.fill("#name", "Without scripts");
    await follow(page, "main form button");
    const made = page.url();
    for (const pick of await page.locator(".pick input").all()) await pick.check();
    await follow(page, 'button[value="put"]');
    const first = await page.getAttribute("[data-sort] li", "data-id");
    await follow(page, '[data-sort] li:first-child button[value="down"]');
    assert.equal(await page.getAttribute("[data-sort] li:nth-child(2)", "data-id"), first);
    await follow(page, '[data-sort] li:first-child button[value="drop"]');
    assert.equal(await page.locator("[data-sort] li").count(), good.length - 1);
    await page.check('input[value="link"]');
    await follow(page, 'form[action$="/change"] button');
    const share = await page.inputValue("#share-url");
    await page.goto(share);
    assert.equal(await page.locator(".show").count(), good.length - 1);
    await page.click("summary >> nth=0");
    assert.ok(await page.isVisible(".show .facts"));
    await page.goto(made);
    await follow(page, ".button-bad");
    await follow(page, ".button-bad");
    assert.equal(new URL(page.url()).pathname, "/collections");
    await page.goto("/settings");
    await follow(page, 'form[action="/signout"] button');
    assert.equal(new URL(page.url()).pathname, "/");
    await close();
});

test("pictures are dropped onto the backpack", async () => {
    const { page, complaints, close } = await visitor(browser, stack);
    const email = stack.address("drop");
    const [badge] = stack.badges_for(email).filter((b) => !b.note && b.picture.endsWith(".png"));
    await sign_in(stack, page, email);
    const bytes = [...fs.readFileSync(badge.picture)];
    const data = await page.evaluateHandle((content) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(content)], "dropped.png", { type: "image/png" }));
        transfer.items.add(new File(["hello"], "note.txt", { type: "text/plain" }));
        transfer.items.add(new File([new Uint8Array(3 * 1024 * 1024)], "huge.png", { type: "image/png" }));
        return transfer;
    }, bytes);
    await page.dispatchEvent("main", "dragenter", { dataTransfer: data });
    assert.ok(await page.isVisible("[data-drop]"));
    await page.dispatchEvent("main", "drop", { dataTransfer: data });
    await page.waitForSelector(".result-added");
    await page.waitForFunction(() => document.querySelectorAll(".result-failed").length === 2);
    assert.ok(!(await page.isVisible("[data-drop]")));
    await page.waitForSelector(".card");
    assert.equal(await page.locator(".card").count(), 1);
    await shoot(stack, page, "dropped");
    await check_page(page, "dropped pictures");
    await page.reload();
    assert.equal(await page.locator(".card").count(), 1);
    assert.deepEqual(complaints, []);
    await close();
});

test("what became of many pictures is short on a phone, and each leads to its badge", async () => {
    for (const colorScheme of ["light", "dark"]) {
        const { page, complaints, close } = await visitor(browser, stack, { ...phone, colorScheme });
        const email = stack.address(`many-${colorScheme}`);
        const badges = stack.badges_for(email);
        const good = badges.filter((b) => !b.note);
        await sign_in(stack, page, email);
        await page.goto("/backpack/add");
        await page.setInputFiles("#file", [...badges, ...good].map((b) => b.picture));
        await page.waitForFunction((n) => document.querySelectorAll(".result:not(:has(progress))").length === n, badges.length + good.length);
        const heights = await page.$$eval(".result", (all) => all.map((at) => [at.className, at.getBoundingClientRect().height]));
        for (const [name, height] of heights) assert.ok(height <= (name.includes("failed") ? 260 : 110), `${name}: ${height} px`);
        await check_page(page, "many results");
        await shoot(stack, page, `many-${colorScheme}`);
        await page.locator(".result-exists").first().click({ position: { x: 30, y: 30 } });
        await page.waitForSelector(".verdict-valid");
        assert.deepEqual(complaints, []);
        await close();
    }
});

test("badges are ordered by dragging", async () => {
    const { page, complaints, close } = await visitor(browser, stack);
    const email = stack.address("drag");
    for (const badge of stack.badges_for(email).filter((b) => !b.note)) {
        try { stack.tool("import", "--user", email, badge.assertion); } catch { stack.tool("user", "add", email); stack.tool("import", "--user", email, badge.assertion); }
    }
    await sign_in(stack, page, email);
    await page.goto("/collections");
    await page.fill("#name", "Dragged");
    await follow(page, "main form button");
    for (const pick of await page.locator(".pick input").all()) await pick.check();
    await follow(page, 'button[value="put"]');
    await page.waitForSelector("[data-sort]");
    const before = await page.$$eval("[data-sort] li", (rows) => rows.map((row) => row.dataset.id));
    const saved = page.waitForResponse((answer) => answer.url().endsWith("/badges"));
    await page.dragAndDrop("[data-sort] li:first-child .plate", "[data-sort] li:nth-child(3) .plate", { targetPosition: { x: 20, y: 50 } });
    await saved;
    await page.reload();
    const after = await page.$$eval("[data-sort] li", (rows) => rows.map((row) => row.dataset.id));
    assert.deepEqual(after.slice(0, 3), [before[1], before[2], before[0]]);
    assert.deepEqual(complaints, []);
    await close();
});

test("two tabs and the back button do no harm", async () => {
    const { context, page, complaints, close } = await visitor(browser, stack);
    const email = stack.address("tabs");
    const [badge] = stack.badges_for(email).filter((b) => !b.note);
    await sign_in(stack, page, email);
    await page.goto("/backpack/add");
    await page.fill("#url", badge.assertion);
    await follow(page, "form:has(#url) button");
    await follow(page, ".result-added a");
    const other = await context.newPage();
    await other.goto(page.url());
    await follow(page, ".button-bad");
    await follow(page, ".button-bad");
    await page.waitForURL("**/backpack");
    await follow(other, ".button-bad");
    assert.equal(await other.textContent(".error-code"), "404");
    await shoot(stack, other, "gone");
    await check_page(other, "a page that is gone");
    for (let i = 0; i < 2; i++) { // the question, then the badge's page
        await page.goBack();
        assert.equal(await page.textContent(".error-code"), "404");
    }
    await other.goto("/settings");
    await page.goto("/settings");
    await follow(page, 'form[action="/signout"] button');
    await follow(other, 'form[action="/settings"] button');
    assert.ok(["/signin", "/settings"].includes(new URL(other.url()).pathname));
    assert.ok(await other.isVisible("h1"));
    assert.deepEqual(complaints, []);
    await close();
});

test("a link that no longer works, a wrong address and an unknown page say so on a phone too", async () => {
    const { page, complaints, close } = await visitor(browser, stack, { ...phone, bypassCSP: true });
    for (const [at, name] of [["/signin/" + "x".repeat(43), "dead-link"], ["/nothing/here", "not-found"], ["/share/collection/none", "not-shared"]]) {
        const answer = await page.goto(at);
        assert.equal(answer.status(), 404);
        await shoot(stack, page, name);
        await check_page(page, at);
    }
    assert.deepEqual(complaints, []);
    await close();
});

test("the pages for everybody are sound, in light and dark, on a phone and on a desk", async () => {
    for (const options of [{}, phone, { colorScheme: "dark" }, { ...phone, colorScheme: "dark" }]) {
        const eyes = await visitor(browser, stack, options);
        for (const at of ["/", "/signin", "/help", "/baker", "/displayer/convert/email"]) {
            await eyes.page.goto(at);
            await check_page(eyes.page, `${at} ${JSON.stringify(options)}`);
        }
        await eyes.page.goto("/signin");
        await eyes.page.fill("#email", "nobody@nowhere");
        await follow(eyes.page, "main button");
        assert.ok(await eyes.page.isVisible("[role=alert]"));
        await check_page(eyes.page, "a mistyped address");
        assert.deepEqual(eyes.complaints, []);
        await eyes.close();
    }
});

await run({
    setup: async () => { browser = await launch(); },
    teardown: async () => browser?.close(),
});
