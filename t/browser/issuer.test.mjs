/* Another site's page sends badges, and is told what became of each. Cookies of other sites are blocked. */
import { test, run, assert } from "./lib/tap.mjs";
import { Stack } from "./lib/stack.mjs";
import { launch, visitor, follow, phone, shoot, sign_in, check_page, check_guard, close_by } from "./lib/browser.mjs";

const stack = Stack.shared();
const email = stack.address("pushed");
const other = stack.address("other");
let browser, learner, page, badges, others;

const url_of = (slug, of = badges) => of.find((b) => b.slug === slug).assertion;

/* OpenBadges.issue on the issuer's page, and the window it opens. */
async function send(from, assertions) {
    await from.goto(`${stack.demo}/issue.html`);
    const [window] = await Promise.all([
        from.waitForEvent("popup"),
        from.evaluate((list) => {
            globalThis.answers = [];
            globalThis.OpenBadges.issue(list, (errors, successes) => globalThis.answers.push({ errors, successes }));
        }, assertions),
    ]);
    return window;
}
async function answer(from) {
    await from.waitForFunction(() => globalThis.answers.length > 0);
    const all = await from.evaluate(() => globalThis.answers);
    assert.equal(all.length, 1, "called back once");
    return all[0];
}
async function with_code(window, address) {
    await window.fill("#email", address);
    await window.click("main form button");
    await window.fill("#code", await stack.code_for(address));
    await window.click("main form button");
    await window.waitForSelector("[data-decide]");
}
/* Until the page's script has run: modules do before `load`. */
async function decide(window, button) {
    await Promise.all([window.waitForSelector("[data-decided]"), window.click(button)]);
    await window.waitForLoadState("load");
}
const accept = (window) => decide(window, "[data-decide] .button-main");

test("issuer.js leaves one global behind, and knows where it came from", async () => {
    await page.goto(`${stack.demo}/`);
    const added = await page.evaluate(async (base) => {
        const before = new Set(Object.getOwnPropertyNames(globalThis));
        const script = document.createElement("script");
        script.src = `${base}/issuer.js?v=1`;
        await new Promise((done) => { script.onload = done; document.head.append(script); });
        return Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name));
    }, stack.base);
    assert.deepEqual(added, ["OpenBadges"]);
    assert.equal(await page.evaluate(() => globalThis.OpenBadges.getRoot()), `${stack.base}/`);
    const thrown = await page.evaluate(() => {
        const said = (run) => { try { run(); return null; } catch (error) { return error.message; } };
        const { connect, issue, getRoot } = globalThis.OpenBadges;
        const all = [said(() => connect()), said(() => connect({ callback: "/x", scope: "issue" })), said(() => connect({ scope: ["issue"] })),
            said(() => connect({ callback: "http://", scope: ["issue"] })), said(() => issue(Array.from({ length: 21 }, (_, i) => `x${i}`))),
            said(() => issue("\u00e9".repeat(40000)))];
        for (const script of document.querySelectorAll("script")) script.remove();
        return [...all, said(getRoot)];
    });
    assert.deepEqual(thrown, ["options object expected", "scope must be an array", "callback must be a URL", "callback must be a URL", "at most 20 assertions at once", "at most 64 KiB of assertions at once", "issuer script not found."]);
    assert.deepEqual(await page.evaluate(() => new Promise((done) => globalThis.OpenBadges.issue([], (...all) => done(all)))), [[], []]);
});

test("connect leads to the page that grants it", async () => {
    await page.goto(`${stack.demo}/issue.html`);
    const asked = page.waitForRequest((request) => request.url().startsWith(`${stack.base}/access`));
    await page.evaluate(() => globalThis.OpenBadges.connect({ callback: "/cb?a=b", scope: ["issue", "read"], state: "s&t" })).catch(() => {});
    const query = new URL((await asked).url()).searchParams;
    assert.deepEqual([...query], [["callback", `${stack.demo}/cb?a=b`], ["scope", "issue,read"], ["state", "s&t"]]);
});

test("several badges from the issuer's form, for somebody who must sign in first, on a phone", async () => {
    const visit = await visitor(browser, stack, phone);
    await visit.page.goto(`${stack.demo}/issue.html`);
    await visit.page.evaluate((list) => {
        const boxes = [...document.querySelectorAll("[name=assertions]")];
        boxes.forEach((box, i) => { box.checked = i < list.length; if (i < list.length) box.value = list[i]; });
    }, ["first-flight", "night-sky", "team-player"].map((slug) => url_of(slug)));
    const [window] = await Promise.all([visit.page.waitForEvent("popup"), visit.page.click("#send button")]);
    await window.waitForSelector("#email");
    assert.equal(new URL(window.url()).pathname, "/signin");
    await with_code(window, email);
    assert.match(await window.textContent(".lead"), new RegExp(`Sent by ${stack.demo}`));
    assert.equal(await window.locator(".result img").count(), 3);
    await window.waitForFunction(() => [...document.images].every((i) => i.complete && i.naturalWidth > 0));
    await window.click(".choice >> nth=1");
    await shoot(stack, window, "push-phone");
    await check_page(window, "what is sent");
    await accept(window);
    await visit.page.waitForFunction(() => /added/.test(document.getElementById("said").textContent));
    assert.equal(await visit.page.textContent("#said"), "2 added, 1 not.");
    assert.match(await visit.page.textContent("#fates li:last-child"), /DENIED: Not added/);
    await shoot(stack, window, "push-done-phone");
    await check_page(window, "what became of it");
    await check_page(visit.page, "the issuer's page");
    await shoot(stack, visit.page, "push-issuer-phone");
    await close_by(window, "[data-close]");
    assert.deepEqual(visit.complaints, []);
    await visit.close();
});

test("each of the five reasons", async () => {
    await sign_in(stack, page, email);
    const asked = [url_of("first-flight"), url_of("map-reader"), `${stack.demo}/assertions/none.json`, "nonsense", url_of("night-sky", others), url_of("river-keeper")];
    const window = await send(page, asked);
    await window.waitForSelector("[data-decide]");
    assert.equal(await window.locator('[name="accept"]').count(), 2);
    await window.uncheck('[name="accept"] >> nth=0');
    await shoot(stack, window, "push-reasons");
    await check_page(window, "five reasons");
    await accept(window);
    const { errors, successes } = await answer(page);
    assert.deepEqual(errors.map((e) => [e.assertion, e.reason]), [
        [asked[0], "EXISTS"], [asked[1], "DENIED"], [asked[2], "INACCESSIBLE"], [asked[3], "MALFORMED"], [asked[4], "INVALID"]]);
    assert.deepEqual(successes, [asked[5]]);
    for (const { message, report } of errors) {
        assert.ok(message.length > 10, message);
        assert.ok(report.startsWith(`${stack.base}/verify`), report);
    }
    assert.match(errors[2].message, /404/);
    await shoot(stack, window, "push-reasons-done");
    await check_page(window, "five reasons, said");
    await page.goto(errors[2].report);
    assert.match(await page.textContent("main"), /none\.json/);
    await window.close();
});

test("each text is answered for as it was passed", async () => {
    const one = url_of("map-reader");
    const asked = [one, ` ${one}\n`, "", "nonsense", one, "a\r\nb"];
    const window = await send(page, asked);
    await window.waitForSelector("[data-decide]");
    assert.equal(await window.locator("[data-decide] .result").count(), 3);
    await decide(window, '[name="decline"]');
    const { errors, successes } = await answer(page);
    assert.deepEqual(errors.map((e) => [e.assertion, e.reason]),
        asked.map((text) => [text, text.includes(one) ? "DENIED" : "MALFORMED"]));
    for (const { message, report } of errors) {
        assert.ok(message.length > 10, message);
        assert.ok(report.startsWith(`${stack.base}/verify`), report);
    }
    assert.deepEqual(successes, []);
    await window.close();
    const said = await page.evaluate(() => new Promise((done) => {
        globalThis.open = () => done("a window");
        globalThis.OpenBadges.issue([" ", ""], (...all) => done(all));
    }));
    assert.deepEqual(said.map((all) => all.map((e) => [e.assertion, e.reason])), [[[" ", "MALFORMED"], ["", "MALFORMED"]], []]);
});

test("a signed badge goes the same way", async () => {
    const jws = await (async () => {
        await page.goto(`${stack.demo}/issue.html`);
        return page.evaluate(() => [...document.querySelectorAll("[name=assertions]")].map((box) => box.value).find((value) => value.startsWith("ey")));
    })();
    const window = await send(page, jws);
    await window.waitForSelector("[data-decide]");
    assert.match(await window.textContent("main"), /Code Breaker/);
    await accept(window);
    const { errors } = await answer(page);
    assert.deepEqual(errors.map((e) => [e.assertion, e.reason]), [[jws, "INVALID"]]); /* it is the demo's learner's */
    await window.close();
});

test("somebody else is signed in", async () => {
    const visit = await visitor(browser, stack);
    await sign_in(stack, visit.page, other);
    const window = await send(visit.page, [url_of("story-teller")]);
    await window.waitForSelector("[data-decide]");
    assert.match(await window.textContent("main"), /issued to somebody else/);
    await shoot(stack, window, "push-not-yours");
    await Promise.all([window.waitForURL(/\/signin\?next=/), window.click('form[action="/signout"] button')]);
    await with_code(window, email);
    await accept(window);
    assert.deepEqual(await answer(visit.page), { errors: [], successes: [url_of("story-teller")] });
    await window.close();
    assert.deepEqual(visit.complaints, []);
    await visit.close();
});

test("what is pressed in the moment that the question comes into sight accepts nothing", async () => {
    const window = await send(page, [url_of("map-reader")]);
    await window.waitForSelector("[data-decide]");
    await check_guard(window, "[data-decide] .button-main");
    await decide(window, '[name="decline"]');
    assert.equal((await answer(page)).errors[0].reason, "DENIED");
    await window.close();
});

test("a page without an origin is not told, and the window says so and closes", async () => {
    const visit = await visitor(browser, stack, { storageState: await learner.context.storageState() });
    await visit.page.goto(`${stack.demo}/`);
    await visit.page.evaluate((base) => {
        const frame = document.createElement("iframe");
        frame.sandbox = "allow-scripts allow-popups allow-popups-to-escape-sandbox";
        frame.srcdoc = `<script src="${base}/issuer.js"></script>`;
        document.body.replaceChildren(frame);
        return new Promise((done) => { frame.onload = done; });
    }, stack.base);
    const frame = visit.page.frames()[1];
    const [window] = await Promise.all([visit.page.waitForEvent("popup"), frame.evaluate((one) => {
        globalThis.told = new Promise((done) => OpenBadges.issue(one, (errors, successes) => done([errors.map((e) => e.reason), successes])));
    }, url_of("map-reader"))]);
    await window.waitForSelector("[data-decide]");
    await decide(window, '[name="decline"]');
    assert.ok(await window.isVisible("[data-untold]"));
    await check_page(window, "whose sender cannot be told");
    await close_by(window, "[data-close]");
    assert.deepEqual(await frame.evaluate(() => globalThis.told), [["DENIED"], []]);
    assert.deepEqual(visit.complaints, []);
    await visit.close();
});

test("a window that is closed says no to what is left", async () => {
    const asked = [url_of("map-reader"), "nonsense"];
    const window = await send(page, asked);
    await window.waitForSelector("[data-decide]");
    await window.close();
    const { errors, successes } = await answer(page);
    assert.deepEqual(errors.map((e) => [e.assertion, e.reason]), asked.map((a) => [a, "DENIED"]));
    assert.deepEqual(successes, []);
});

test("where no window opens the page itself goes there and back", async () => {
    await page.goto(`${stack.demo}/issue.html?course=7`);
    await page.evaluate((list) => { globalThis.open = () => null; globalThis.OpenBadges.issue(list, () => {}); }, [url_of("map-reader")]);
    await page.waitForSelector("[data-decide]");
    assert.match(await page.textContent(".lead"), new RegExp(`Sent by ${stack.demo}`));
    await decide(page, '[name="decline"]');
    assert.ok(await page.isHidden("[data-close]"));
    await shoot(stack, page, "push-done-page");
    await page.click("main a:has-text('Back to')");
    await page.waitForURL(`${stack.demo}/issue.html?course=7`);
});

test("issue_no_modal does the same", async () => {
    await page.goto(`${stack.demo}/issue.html`);
    await page.evaluate((one) => globalThis.OpenBadges.issue_no_modal(one), url_of("map-reader"));
    await page.waitForSelector("[data-decide]");
});

test("without JavaScript there is a form, a plain result and a way back", async () => {
    const visit = await visitor(browser, stack, { javaScriptEnabled: false, storageState: await learner.context.storageState() });
    await visit.page.goto(`${stack.demo}/issue.html`);
    for (const box of await visit.page.locator("[name=assertions]").all()) await box.setChecked(false);
    await visit.page.check("[name=assertions] >> nth=0");
    await follow(visit.page, "#send button");
    assert.equal(await visit.page.textContent("h1"), "1 badge was sent to you");
    await follow(visit.page, "[data-decide] .button-main");
    assert.match(await visit.page.textContent("[data-decided]"), /issued to somebody else/);
    await shoot(stack, visit.page, "push-done-plain");
    await follow(visit.page, "main a:has-text('Back to')");
    assert.equal(visit.page.url(), `${stack.demo}/issue.html`);
    assert.deepEqual(visit.complaints, []);
    await visit.close();
});

test("nobody but the page that opened the window is answered, and nobody else is heard", async () => {
    const listen = () => { globalThis.heard = []; addEventListener("message", ({ data }) => globalThis.heard.push(data)); };
    const visit = await visitor(browser, stack, { storageState: await learner.context.storageState() });
    await visit.page.addInitScript(listen);
    let window = await send(visit.page, [url_of("map-reader")]);
    await window.waitForSelector("[data-decide]");
    await visit.page.evaluate(() => postMessage({ openbadges: "result", errors: [], successes: ["forged"] }, "*"));
    await visit.page.waitForFunction(() => globalThis.heard.some((data) => data.successes));
    assert.deepEqual(await visit.page.evaluate(() => globalThis.answers), [], "a forged result is no result");
    /* The page that opened it has become another site's. */
    await visit.page.goto(stack.demo.replace("127.0.0.1", "localhost"));
    await decide(window, '[name="decline"]');
    assert.ok(await window.isVisible("[data-close]"), "it tried");
    await visit.page.evaluate(() => new Promise((done) => { setTimeout(done); }));
    assert.deepEqual(await visit.page.evaluate(() => globalThis.heard), [], "another site is told nothing");
    await window.close();
    /* Nor does the window take badges from anybody but its opener, or twice. */
    [window] = await Promise.all([visit.page.waitForEvent("popup"), visit.page.evaluate((base) => { globalThis.opened = open(`${base}/issuer/frame`); }, stack.base)]);
    await window.waitForSelector('[data-when="window"]:visible');
    await window.evaluate(() => new Promise((done) => {
        addEventListener("message", () => setTimeout(done));
        postMessage({ openbadges: "assertions", assertions: ["forged"] }, "*");
    }));
    await visit.page.evaluate((one) => { for (const all of [[one], ["forged"]]) globalThis.opened.postMessage({ openbadges: "assertions", assertions: all }, "*"); }, url_of("map-reader"));
    await window.waitForSelector("[data-decide]");
    assert.match(await window.textContent("main"), /Map Reader/);
    await visit.close();
});

test("what another page sends through the same window is no business of the one that opened it", async () => {
    const visit = await visitor(browser, stack, { storageState: await learner.context.storageState() });
    const window = await send(visit.page, [url_of("map-reader")]);
    await window.waitForSelector("[data-decide]");
    await window.goto(stack.demo.replace("127.0.0.1", "localhost") + "/issue.html");
    assert.ok(await window.evaluate(() => window.opener !== null));
    await window.evaluate((one) => globalThis.OpenBadges.issue_no_modal(one), url_of("team-player"));
    await window.waitForSelector("[data-decide]");
    await accept(window);
    assert.ok(await window.isHidden("[data-close]"));
    assert.ok(await window.isVisible("main a:has-text('Back to')"));
    assert.deepEqual(await visit.page.evaluate(() => globalThis.answers), []);
    await visit.close();
});

test("a frame of an old page leads to a window, and answers as it did", async () => {
    const visit = await visitor(browser, stack, { storageState: await learner.context.storageState() });
    await visit.page.goto(`${stack.demo}/`);
    await visit.page.evaluate(([base, assertion]) => {
        const frame = document.createElement("iframe");
        const say = (message) => frame.contentWindow.postMessage(JSON.stringify(message), base);
        frame.id = "old";
        frame.width = 660;
        frame.height = 480;
        frame.src = `${base}/issuer/frame?123`;
        globalThis.said = new Promise((done) => {
            addEventListener("message", ({ origin, data }) => {
                const message = origin === base ? JSON.parse(data) : {};
                if (message.method === "OpenBadges.issue::__ready") {
                    if (message.params === "ping") say({ method: "OpenBadges.issue::__ready", params: "pong" });
                    say({ id: 77, method: "OpenBadges.issue::issue", params: [assertion] });
                }
                if (message.id === 77) done(message.result);
            });
        });
        document.body.replaceChildren(frame);
    }, [stack.base, url_of("map-reader")]);
    const frame = visit.page.frameLocator("#old");
    await frame.locator("[data-open]:enabled").waitFor();
    await shoot(stack, visit.page, "push-frame");
    const [window] = await Promise.all([visit.page.waitForEvent("popup"), frame.locator("[data-open]").click()]);
    await window.waitForSelector("[data-decide]");
    assert.match(await window.textContent(".lead"), new RegExp(`Sent by ${stack.demo}`));
    await accept(window);
    assert.deepEqual(await visit.page.evaluate(() => globalThis.said), [[], [url_of("map-reader")]]);
    await window.close();
    assert.deepEqual(visit.complaints, []);
    await visit.close();
});

test("a frame names nobody, also where it is told who is signed in", async () => {
    const visit = await visitor(browser, stack, { storageState: await learner.context.storageState() });
    await visit.page.goto(stack.demo.replace("127.0.0.1", "localhost")); /* the same site, for cookies */
    const [asked] = await Promise.all([visit.page.waitForRequest((request) => request.url().endsWith("/issuer/frame")), visit.page.evaluate((base) => {
        const frame = document.createElement("iframe");
        frame.src = `${base}/issuer/frame`;
        document.body.replaceChildren(frame);
    }, stack.base)]);
    assert.match((await asked.allHeaders()).cookie, /_session=/);
    const frame = visit.page.frames()[1];
    await frame.waitForLoadState();
    assert.ok(await frame.isVisible('[data-when="frame"]'));
    assert.ok(!(await frame.content()).includes("@"));
    await visit.close();
});

test("every page is sound in light and dark, on a phone and on a desk", async () => {
    const storageState = await learner.context.storageState();
    const query = ["bridge-builder", "first-aid", "first-flight"].map((slug) => `assertion=${encodeURIComponent(url_of(slug))}`).join("&");
    const offered = badges.find((b) => b.version === "2.0" && !b.note && !/first-flight|night-sky/.test(b.slug)) ?? badges[0];
    for (const [device, options] of [["phone", phone], ["desk", {}]])
        for (const colorScheme of ["light", "dark"]) {
            const eyes = await visitor(browser, stack, { ...options, colorScheme, storageState, bypassCSP: true });
            for (const [name, at] of [["claim", `/claim?${query}`], ["one", `/claim?assertion=${encodeURIComponent(url_of("team-player"))}&assertion=${encodeURIComponent(offered.assertion)}`],
                ["gone", `/issuer/push/${"x".repeat(43)}`], ["frame-alone", "/issuer/frame"], ["demo", `${stack.demo}/issue.html`]]) {
                await eyes.page.goto(at);
                await shoot(stack, eyes.page, `push-${name}-${device}-${colorScheme}`);
                await check_page(eyes.page, `${name}, ${device}, ${colorScheme}`);
            }
            await eyes.page.goto(`/claim?${query}`);
            await eyes.page.click("[data-decide] .button-main");
            await eyes.page.waitForSelector("[data-decided]");
            await shoot(stack, eyes.page, `push-said-${device}-${colorScheme}`);
            await check_page(eyes.page, `said, ${device}, ${colorScheme}`);
            assert.deepEqual(eyes.complaints, []);
            await eyes.close();
        }
    assert.deepEqual(learner.complaints, []);
});

await run({
    setup: async () => {
        badges = stack.badges_for(email);
        others = stack.badges_for(other);
        browser = await launch("--test-third-party-cookie-phaseout");
        learner = await visitor(browser, stack);
        page = learner.page;
    },
    teardown: async () => browser?.close(),
});
