/* Backpacks that are not like the demo's: many badges, names without end, scripts from right to left. */
import fs from "node:fs";
import path from "node:path";
import { createHash } from "node:crypto";
import { test, run, assert } from "./lib/tap.mjs";
import { Stack } from "./lib/stack.mjs";
import { launch, visitor, follow, sign_in, phone, desktop, shoot, check_page } from "./lib/browser.mjs";

const stack = Stack.shared();
const email = stack.address("large");
const many = Number(process.env.OBI_MANY ?? 66);
let browser, storageState, page, learner;

const strange = [
    "مقدمة في الروبوتات والذكاء الاصطناعي",
    "תעודת הוקרה לקהילה",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsmitgliedsurkunde".repeat(2),
    "A name that somebody at an examinations board wrote without ever looking at how it is shown to anybody, and that goes on for a second line, and a third, and a fourth, and then still does not stop",
    "日本語の長い名前のバッジで改行の場所がどこにもないもの".repeat(3),
    "👩🏽‍🔬 Science 🧪🧫🔬",
    "<b>bold</b> &amp; \"quoted\"",
];

/* Hosted badges of 2.0, written where the demo issuer's server finds them; their assertions' addresses. */
function make_badges() {
    const folder = `large-${process.pid}`;
    const dir = path.join(stack.dir, "demo/www", folder);
    const at = (name) => `${stack.demo}/${folder}/${name}`;
    const put = (name, doc) => fs.writeFileSync(path.join(dir, name), typeof doc === "string" ? doc : JSON.stringify(doc));
    const context = "https://w3id.org/openbadges/v2";
    fs.mkdirSync(dir, { recursive: true });
    fs.chmodSync(dir, 0o755);
    put("issuer.json", { "@context": context, type: "Issuer", id: at("issuer.json"), name: "معهد العلوم التطبيقية والتكنولوجيا الحديثة", url: stack.demo, email: "contact@issuer.example" });
    return Array.from({ length: many }, (_, i) => {
        const salt = `salt${i}`;
        const name = strange[many - 1 - i] ?? `Badge number ${i + 1}`;
        put(`${i}.svg`, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><circle cx="20" cy="20" r="19" fill="hsl(${(i * 47) % 360} 60% 45%)"/><circle cx="20" cy="20" r="${6 + (i % 8)}" fill="#fff"/></svg>`);
        put(`${i}-class.json`, { "@context": context, type: "BadgeClass", id: at(`${i}-class.json`), name, description: `${name}. `.repeat(4), image: at(`${i}.svg`), criteria: { narrative: name }, issuer: at("issuer.json"), tags: [name] });
        put(`${i}.json`, { "@context": context, type: "Assertion", id: at(`${i}.json`), recipient: { type: "email", hashed: true, salt, identity: `sha256$${createHash("sha256").update(email + salt).digest("hex")}` }, badge: at(`${i}-class.json`), verification: { type: "HostedBadge" }, issuedOn: "2026-03-14T00:00:00Z", narrative: name, evidence: `https://evidence.example/${"long".repeat(40)}` });
        return at(`${i}.json`);
    });
}

test(`a backpack of ${many} badges opens quickly and turns page by page to its end`, async () => {
    const began = Date.now();
    await page.goto("/backpack");
    assert.ok(Date.now() - began < 5000, `the first page took ${Date.now() - began} ms`);
    const seen = new Set();
    for (;;) {
        for (const href of await page.$$eval(".card-link", (links) => links.map((link) => link.getAttribute("href")))) seen.add(href);
        if (!(await page.isVisible('a[rel="next"]'))) break;
        await follow(page, 'a[rel="next"]');
    }
    assert.equal(seen.size, many);
    await follow(page, '.pager a[href="/backpack"]');
    assert.ok(!(await page.isVisible('.pager a[href="/backpack"]')));
});

test("a collection of all of them is filled page by page, and shown", async () => {
    await page.goto("/collections");
    await page.fill("#name", strange[3]);
    await page.fill("#description", strange[2]);
    await follow(page, "main form button");
    const made = page.url();
    for (let next = made; next; ) {
        await page.goto(next);
        next = await page.evaluate(() => document.querySelector('a[href*="?before="]')?.href ?? null);
        await page.$$eval(".pick input", (boxes) => boxes.forEach((box) => { box.checked = true; }));
        await follow(page, 'button[value="put"]');
    }
    assert.equal(await page.locator("[data-sort] li").count(), many);
    await page.check('input[value="public"]');
    await follow(page, 'form[action$="/change"] button');
    await page.waitForSelector("#share-url");
});

test("nothing breaks its frame, on a small phone, a phone and a desk", async () => {
    const paths = ["/backpack", "/collections"];
    await page.goto("/backpack");
    for (const i of [0, 2, 4]) paths.push(await page.getAttribute(`.card-link >> nth=${i}`, "href"));
    await page.goto("/collections");
    const collection = await page.getAttribute(".card-link", "href");
    await page.goto(collection);
    paths.push(collection, new URL(await page.inputValue("#share-url")).pathname);
    for (const [name, options] of [["small", { ...phone, viewport: { width: 320, height: 640 } }], ["phone", phone], ["desk", desktop]]) {
        const eyes = await visitor(browser, stack, { ...options, storageState, bypassCSP: true });
        for (const [i, at] of paths.entries()) {
            await eyes.page.goto(at);
            if (i < 5) await shoot(stack, eyes.page, `large-${i}-${name}`, { fullPage: i > 1 });
            await check_page(eyes.page, `${at}, ${name}`);
        }
        assert.deepEqual(eyes.complaints, []);
        await eyes.close();
    }
});

test("a page from right to left is a mirror, not a mess", async () => {
    const eyes = await visitor(browser, stack, { ...phone, storageState, bypassCSP: true });
    for (const at of ["/backpack", "/backpack/add", "/collections", "/settings"]) {
        await eyes.page.goto(at);
        await eyes.page.evaluate(() => { document.documentElement.dir = "rtl"; });
        await shoot(stack, eyes.page, `rtl-${at.replaceAll("/", "-").slice(1)}`, { fullPage: false });
        await check_page(eyes.page, `${at} from right to left`);
    }
    await eyes.close();
});

await run({
    stop_at_first: true,
    setup: async () => {
        const urls = make_badges();
        stack.tool("user", "add", email);
        for (let i = 0; i < urls.length; i += 100) stack.tool("import", "--user", email, ...urls.slice(i, i + 100));
        browser = await launch();
        learner = await visitor(browser, stack);
        page = learner.page;
        await sign_in(stack, page, email);
        storageState = await learner.context.storageState();
    },
    teardown: async () => browser?.close(),
});
