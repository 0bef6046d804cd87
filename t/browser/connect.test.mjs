/* Backpack Connect as a learner meets it: a site asks, the learner decides, the site pushes, the learner ends it. The
 * site is the demo issuer's, whose address is another site than ours. */
import { test, run, assert } from "./lib/tap.mjs";
import { Stack } from "./lib/stack.mjs";
import { launch, visitor, follow, phone, sign_in, shoot, check_page, check_guard } from "./lib/browser.mjs";

const stack = Stack.shared();
let browser;

const said = (page) => page.textContent("#said");
async function ask(page, way) {
    await page.goto(`${stack.demo}/connect.html`);
    await page.selectOption("#way", way);
    await page.click("#ask button");
    await page.waitForURL(/\/access\?/);
}
async function answer(page, button) {
    await page.click(button);
    await page.waitForURL(`${stack.demo}/connect.html`); // without what came in the query
    await page.waitForFunction(() => document.getElementById("said").textContent !== "");
}
async function push(page, assertion) {
    await page.fill("#badge", assertion);
    await page.evaluate(() => { document.getElementById("said").textContent = ""; });
    await page.click("#issue button");
    await page.waitForFunction(() => document.getElementById("said").textContent !== "");
    return said(page);
}
const badge_for = (email) => stack.badges_for(email).find((badge) => badge.assertion && !badge.note).assertion;
const allow = 'form[action="/accept"] button';

test("on a phone, without a session: sign in, come back, allow, and a badge comes", async () => {
    const { page, complaints, close } = await visitor(browser, stack, phone);
    const email = stack.address("connect");
    const assertion = badge_for(email);
    await ask(page, "code");
    assert.equal(await page.textContent(".address"), stack.demo);
    await page.click('main a[href^="/signin"]');
    await page.fill("#email", email);
    await page.click("main form button");
    await page.goto(await stack.link_for(email));
    await page.click("main form button");
    await page.waitForURL(/\/access\?/);
    await answer(page, allow);
    assert.equal(await said(page), "Connected.");
    assert.equal(await page.evaluate(() => document.referrer), "");
    await page.fill("#email", email);
    await page.click("#identity button");
    await page.waitForFunction(() => document.getElementById("said").textContent === "It is theirs.");
    assert.equal(await push(page, assertion), "The badge is in the backpack.");
    assert.equal(await push(page, assertion), "The badge was there already.");
    assert.match(await push(page, `${stack.demo}/assertions/learner/first-flight.json`), /different user/);
    await shoot(stack, page, "connect-site-phone");
    await check_page(page, "the site");
    await page.click("#refresh button");
    await page.waitForFunction(() => document.getElementById("said").textContent === "Connected.");
    await page.goto(`${stack.base}/backpack`);
    assert.equal(await page.locator(".card").count(), 1);
    assert.deepEqual(complaints, []);
    await close();
});

test("tokens in the address, as ever: they do not stay there; what was revoked is over at once", async () => {
    const { page, complaints, close } = await visitor(browser, stack);
    const email = stack.address("connect-tokens");
    const assertion = badge_for(email);
    await sign_in(stack, page, email);
    await ask(page, "token");
    await answer(page, allow);
    assert.equal(await page.evaluate(() => document.referrer), "");
    assert.ok(!(await page.content()).includes(await page.evaluate(() => JSON.parse(sessionStorage.getItem("tokens")).access_token)));
    assert.equal(await push(page, assertion), "The badge is in the backpack.");
    const other = await page.context().newPage();
    await other.goto(`${stack.base}/settings`);
    assert.ok((await other.textContent("section:has(#sites)")).includes(stack.demo));
    await follow(other, 'form[action$="/revoke"] button');
    assert.ok(await other.isVisible("[role=status]"));
    assert.ok(!(await other.textContent("section:has(#sites)")).includes(stack.demo));
    assert.equal(await push(page, assertion), "The badge was refused: invalid_token: Unknown access token");
    assert.deepEqual(complaints, []);
    await close();
});

test("what is pressed in the moment that the question comes into sight allows nothing", async () => {
    const { page, complaints, close } = await visitor(browser, stack);
    await sign_in(stack, page, stack.address("connect-guard"));
    await ask(page, "code");
    await check_guard(page, allow);
    await page.focus(allow);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${stack.demo}/connect.html`);
    assert.deepEqual(complaints, []);
    await close();
});

test("who does not allow it, and who is somebody else, go their ways", async () => {
    const { page, complaints, close } = await visitor(browser, stack);
    const email = stack.address("connect-no");
    await sign_in(stack, page, email);
    await ask(page, "code");
    const question = page.url();
    await answer(page, 'a[href*="access_denied"]');
    assert.equal(await said(page), "Not connected: you did not allow it.");
    await page.goto(question);
    await page.click('form[action="/signout"] button');
    await page.waitForURL(/\/access\?/);
    assert.ok(await page.isVisible('main a[href^="/signin"]'));
    assert.equal(await page.locator(allow).count(), 0);
    assert.deepEqual(complaints, []);
    await close();
});

test("an answer that this tab did not ask for connects nobody, and a frame shows no question", async () => {
    const { page, close } = await visitor(browser, stack);
    await page.goto(`${stack.demo}/connect.html?code=${"x".repeat(43)}&state=another`);
    await page.waitForFunction(() => document.getElementById("said").textContent !== "");
    assert.match(await said(page), /did not ask/);
    assert.equal(new URL(page.url()).search, "");
    const refused = page.waitForEvent("console", (message) => /frame-ancestors|X-Frame|frame/i.test(message.text()));
    await page.evaluate((base) => {
        const frame = document.createElement("iframe");
        frame.src = `${base}/access?callback=${encodeURIComponent(location.origin)}&scope=issue`;
        document.body.append(frame);
    }, stack.base);
    await refused;
    await close();
});

test("the question, the settings and the site are sound in light and dark, on a phone and on a desk", async () => {
    const learner = await visitor(browser, stack);
    await sign_in(stack, learner.page, stack.address("connect-look"));
    await ask(learner.page, "code");
    await answer(learner.page, allow);
    await ask(learner.page, "code");
    const question = new URL(learner.page.url());
    const storageState = await learner.context.storageState();
    const long = `/access?callback=${encodeURIComponent(`https://${"badges-of-a-very-long-name.".repeat(7)}example/`)}&scope=issue`;
    for (const [device, options] of [["phone", phone], ["desk", {}]])
        for (const colorScheme of ["light", "dark"])
            for (const [who, state] of [["in", storageState], ["out", undefined]]) {
                const eyes = await visitor(browser, stack, { ...options, colorScheme, storageState: state, bypassCSP: true });
                const pages = [["question", question.pathname + question.search], ["long", long], ...(who === "in" ? [["settings", "/settings"]] : [["site", `${stack.demo}/connect.html`]])];
                for (const [name, at] of pages) {
                    await eyes.page.goto(at);
                    await shoot(stack, eyes.page, `connect-${name}-${who}-${device}-${colorScheme}`);
                    await check_page(eyes.page, `${name}, ${who}, ${device}, ${colorScheme}`);
                }
                assert.deepEqual(eyes.complaints, []);
                await eyes.close();
            }
    await learner.close();
});

await run({
    setup: async () => { browser = await launch(); },
    teardown: async () => browser?.close(),
});
