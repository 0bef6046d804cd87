/* Badges and collections on other sites, in frames of any size. */
import fs from "node:fs";
import path from "node:path";
import { test, run, assert } from "./lib/tap.mjs";
import { Stack } from "./lib/stack.mjs";
import { launch, visitor, phone, desktop, sign_in, shoot, axe_lines, layout_lines, check_page } from "./lib/browser.mjs";

const stack = Stack.shared();
const email = stack.address("embed");
const wild = `Knots & "Bends" <b>it's</b> ]]>`;
let browser, learner, collection, owned, single, empty;

const frame_of = (url) => url.replace("/share/", "/embed/");
const loaded = (at) => at.waitForFunction(() => document.images.length > 0 && [...document.images].every((i) => { i.loading = "eager"; return i.complete && i.naturalWidth > 0; }));

/* The page at `src` in a frame of a page of the other site, with these attributes. */
async function in_frame(page, src, attributes) {
    await page.goto(`${stack.demo}/embed.html`);
    await page.evaluate(([address, all]) => {
        const frame = document.createElement("iframe");
        frame.title = "A badge";
        for (const [name, value] of Object.entries(all)) frame.setAttribute(name, value);
        frame.src = address;
        document.getElementById("post").replaceChildren(frame);
    }, [src, attributes]);
    const frame = await (await page.waitForSelector("#post iframe")).contentFrame();
    await frame.waitForSelector("h1");
    return frame;
}

test("the public pages have HTML to copy", async () => {
    for (const [device, options] of [["phone", phone], ["desk", desktop]]) {
        const other = await visitor(browser, stack, { ...options, permissions: ["clipboard-read", "clipboard-write"] });
        for (const [name, url] of [["badge", single], ["collection", collection]]) {
            await other.page.goto(url);
            await loaded(other.page);
            await other.page.click(".embed-copy summary");
            await shoot(stack, other.page, `embed-copy-${name}-${device}`);
            await check_page(other.page, `${name}, ${device}`);
            await other.page.click("[data-copy=embed-code]");
            await other.page.waitForSelector("[data-copy=embed-code] >> text=Copied");
            const code = await other.page.evaluate(() => navigator.clipboard.readText());
            assert.equal(code, await other.page.inputValue("#embed-code"));
            const shown = await other.page.evaluate((html) => {
                const all = new DOMParser().parseFromString(html, "text/html").body.querySelectorAll("*");
                return [...all].map((e) => [e.localName, e.src, e.title]);
            }, code);
            assert.deepEqual(shown, [["iframe", frame_of(url), name === "badge" ? wild : "Application 2027"]]);
        }
        assert.deepEqual(other.complaints, []);
        await other.close();
    }
});

for (const [device, options] of [["phone", phone], ["desk", desktop]])
    test(`another site shows what an address stands for, on a ${device}`, async () => {
        const other = await visitor(browser, stack, { ...options, baseURL: stack.demo });
        for (const [name, url] of [["badge", single], ["collection", collection]]) {
            await other.page.goto("/embed.html");
            await other.page.fill("#url", `${url}?utm_source=post`);
            await other.page.click("#link button");
            const frame = await (await other.page.waitForSelector("#post iframe")).contentFrame();
            await frame.waitForSelector("h1");
            await loaded(frame);
            assert.equal(await other.page.textContent("#said"), name === "badge" ? wild : "Application 2027");
            await shoot(stack, other.page, `embed-site-${name}-${device}`);
            await check_page(other.page, `the other site with a ${name}`);
            assert.deepEqual(await axe_lines(frame), [], `axe in the frame of a ${name}`);
            assert.deepEqual(await layout_lines(frame), [], `layout in the frame of a ${name}`);
        }
        await other.page.fill("#url", `${stack.base}/share/badge/nothing-is-here`);
        await other.page.click("#link button");
        await other.page.waitForSelector("#said >> text=HTTP 404");
        assert.deepEqual(other.complaints, []);
        await other.close();
    });

test("who shares a page has the HTML beside its address", async () => {
    for (const at of [learner.page.url(), `/collections/${owned}`]) {
        await learner.page.goto(at);
        await learner.page.click(".embed-copy summary");
        await shoot(stack, learner.page, `embed-copy-own-${at.includes("badge") ? "badge" : "collection"}`);
        await check_page(learner.page, at);
        assert.ok((await learner.page.inputValue("#embed-code")).includes(frame_of(await learner.page.inputValue("#share-url"))));
    }
});

test("the XML is XML, and says what the JSON says", async () => {
    const other = await visitor(browser, stack, { baseURL: stack.demo });
    await other.page.goto("/embed.html");
    for (const url of [single, collection]) {
        const [json, xml] = await other.page.evaluate(async (addresses) => {
            const [json, xml] = await Promise.all(addresses.map((a) => fetch(a)));
            const tree = new DOMParser().parseFromString(await xml.text(), "text/xml");
            return [await json.json(), Object.fromEntries([...tree.documentElement.children].map((e) => [e.localName, e.textContent]))];
        }, ["json", "xml"].map((format) => `${stack.base}/oembed?${new URLSearchParams({ url, format })}`));
        assert.deepEqual(xml, Object.fromEntries(Object.entries(json).map(([name, value]) => [name, String(value)])));
    }
    await other.close();
});

test("a frame of any size shows all of it, in light and dark", async () => {
    for (const colorScheme of ["light", "dark"]) {
        const other = await visitor(browser, stack, { colorScheme, bypassCSP: true });
        for (const [width, height] of [[200, 200], [200, 320], [300, 300], [320, 200], [480, 200], [640, 480], [1200, 480]])
            for (const [name, url] of [["badge", single], ["collection", collection], ["empty", empty], ["gone", `${single}-not`]]) {
                const what = `${name}, ${width} by ${height}, ${colorScheme}`;
                await other.page.setViewportSize({ width, height });
                await other.page.goto(frame_of(url));
                if (name !== "gone") await loaded(other.page);
                await shoot(stack, other.page, `embed-${name}-${width}x${height}-${colorScheme}`, { fullPage: false });
                assert.deepEqual(await axe_lines(other.page), [], `axe on ${what}`);
                assert.deepEqual(await layout_lines(other.page), [], `layout of ${what}`);
                const tall = await other.page.evaluate(() => document.documentElement.scrollHeight);
                assert.ok(name !== "badge" || width < 300 || tall <= height, `${what} is ${tall} high`);
            }
        assert.deepEqual(other.complaints, []);
        await other.close();
    }
});

test("a click leads to the page, in a tab of its own that knows nothing of the other site", async () => {
    const other = await visitor(browser, stack);
    const frame = await in_frame(other.page, frame_of(single), { width: 480, height: 200 });
    const [opened] = await Promise.all([other.context.waitForEvent("page"), frame.click(".plate", { force: true })]);
    await opened.waitForLoadState();
    assert.equal(opened.url(), single);
    assert.equal(await opened.evaluate(() => String([window.opener, document.referrer])), ",");
    assert.deepEqual(await other.context.cookies(stack.base), []);
    assert.deepEqual(other.complaints, []);
    await other.close();
});

test("a frame that is in a sandbox, as WordPress puts it, looks the same and has WordPress follow its links", async () => {
    const other = await visitor(browser, stack);
    const frame = await in_frame(other.page, `${frame_of(single)}#?secret=abcDEF0123`, { width: 480, height: 200, sandbox: "allow-scripts", security: "restricted" });
    await loaded(frame);
    assert.equal(await frame.evaluate(() => `${getComputedStyle(document.querySelector("main")).display} ${origin}`), "flex null");
    const told = other.page.evaluate(() => new Promise((done) => addEventListener("message", ({ data }) => done(data))));
    await frame.click("h1 a");
    assert.deepEqual(await told, { message: "link", value: single, secret: "abcDEF0123" });
    assert.deepEqual(other.complaints, []);
    await other.close();
});

await run({
    setup: async () => {
        const badges = stack.badges_for(email).filter((b) => !/^(expired|revoked)/.test(b.note ?? ""));
        const www = path.join(stack.dir, "demo/www");
        const site = `${stack.demo}/embed-${process.pid}`;
        fs.mkdirSync(path.join(www, `embed-${process.pid}`));
        const put = (name, doc) => fs.writeFileSync(path.join(www, `embed-${process.pid}`, name), JSON.stringify({ "@context": "https://w3id.org/openbadges/v2", id: `${site}/${name}`, ...doc }));
        put("issuer.json", { type: "Issuer", name: "Harbour & Sons", url: site, email: "a@issuer.example" });
        put("class.json", { type: "BadgeClass", name: wild, description: "Knots.", image: `${stack.demo}/images/map-reader.png`, criteria: { narrative: "Tie them." }, issuer: `${site}/issuer.json` });
        put("one.json", { type: "Assertion", recipient: { type: "email", hashed: false, identity: email }, badge: `${site}/class.json`, verification: { type: "hosted" }, issuedOn: "2026-01-02T03:04:05Z" });
        stack.tool("user", "add", email);
        const ids = stack.tool("import", "--user", email, `${site}/one.json`, ...badges.map((b) => b.picture))
            .trim().split("\n").map((line) => JSON.parse(line).id);
        const add = (name, ...more) => stack.tool("collection", "add", "--user", email, "--name", name, "--public", ...more).trim().split("\t");
        const share = (at) => `${stack.base}/share/collection/${at}`;
        const made = add("Application 2027", ...ids.flatMap((id) => ["--badge", id]));
        [owned, collection, empty] = [made[0], share(made[1]), share(add("Nothing yet")[1])];
        browser = await launch();
        learner = await visitor(browser, stack);
        await sign_in(stack, learner.page, email);
        await learner.page.goto(`/backpack/badge/${ids[0]}`);
        await learner.page.check('input[value="public"]');
        await learner.page.click('form[action$="/visibility"] button');
        await learner.page.click(".button-main");
        single = await learner.page.inputValue("#share-url");
    },
    teardown: async () => browser?.close(),
});
