/* Every sentence comes from the catalogue: in the pseudo-language, text in plain small letters is either
 * somebody's own (a name, an address) or has gone around it, also inside another sentence. */
import fs from "node:fs";
import path from "node:path";
import { test, run, assert } from "./lib/tap.mjs";
import { Stack } from "./lib/stack.mjs";
import { launch, visitor, follow, sign_in, shoot } from "./lib/browser.mjs";

const own = "Foreign words";
let stack, browser, learner, page, badges, email;

/* The texts of the page that people read or hear, without what was given by people. */
async function plain_texts(at) {
    const given = [own, email, "Open Badges Backpack", "Riverside Makers", "Awarded by mistake.", "Chrome", "Linux", "SHA-256", "issuedOn", "expires", "soon", "later", ...badges.flatMap((b) => [b.name, b.picture.split("/").pop()])];
    const texts = await at.evaluate(() => {
        const found = [document.title];
        const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
        for (let node = walker.currentNode; node; node = walker.nextNode()) {
            if (node.nodeType === Node.TEXT_NODE) {
                if (!node.parentElement.closest("script, style, code, time, body [dir=auto]:not(.finding [dir]), body [dir=ltr], .url, .host")) found.push(node.data);
                continue;
            }
            for (const name of ["aria-label", "alt", "title", "placeholder"]) found.push(node.getAttribute(name) ?? "");
            for (const name of Object.keys(node.dataset ?? {})) if (name !== "copy" && node.matches("[data-words], [data-copied]")) found.push(node.dataset[name]);
        }
        return found;
    });
    return texts.map((text) => {
        let left = text.replace(/\{\w+\}/g, " "); // what a script fills in
        for (const name of given) left = left.replaceAll(name, " ");
        return left.replace(/\b(?:text|application|image)\/\S+( charset=\S+)?|urn:uuid:[\da-f-]+|https?:\S*|\S+@\S+|\b[\w.-]+:\d+\b|127\.0\.0\.1\S*/g, " ").trim();
    }).filter((text) => /[A-Za-z]{3}/.test(text.replace(/⟦[^⟧]*⟧/g, " ")) || /[a-z]{3}/.test(text));
}
async function check(at, name) {
    assert.ok((await at.content()).includes("⟦"), `${name} speaks the pseudo-language`);
    assert.deepEqual(await plain_texts(at), [], name);
}

test("before signing in", async () => {
    for (const at of ["/", "/signin", "/help", "/signin/" + "x".repeat(43), "/nothing", "/static/nothing"]) {
        await page.goto(at);
        await check(page, at);
    }
    await page.goto("/signin");
    await page.fill("#email", "a@b");
    await follow(page, "main button");
    await check(page, "an address that is none");
    await page.fill("#email", email);
    await follow(page, "main button");
    await check(page, "mail sent");
    await shoot(stack, page, "pseudo-mail-sent");
    await page.goto(await stack.link_for(email));
    await check(page, "confirm");
});

test("the learner's own pages", async () => {
    await sign_in(stack, page, email);
    await check(page, "empty backpack");
    await page.goto("/collections");
    await check(page, "no collections");
    await page.goto("/backpack/add");
    await check(page, "adding");
    await page.setInputFiles("#file", badges.map((b) => b.picture));
    await page.waitForFunction((n) => document.querySelectorAll(".result:not(:has(progress))").length === n, badges.length);
    await check(page, "results");
    await shoot(stack, page, "pseudo-results");
    await page.goto("/backpack/add");
    for (const url of ["javascript:alert(1)", "http://10.0.0.1/x", `${stack.demo}/nothing.json`]) {
        await page.evaluate(() => { document.querySelector("#url").type = "text"; });
        await page.fill("#url", url);
        await follow(page, "form:not([data-upload]) button");
        await check(page, `refused: ${url}`);
    }
    const cut = { name: "cut.png", mimeType: "image/png", buffer: Buffer.alloc(2 * 1024 * 1024 + 1) };
    await page.setInputFiles("#file", cut);
    await page.waitForSelector(".result:not(:has(progress)) .icon-result");
    await check(page, "a file that is too large");
    await page.goto("/backpack");
    await check(page, "backpack");
    const badge = await page.getAttribute(".card-link", "href");
    await page.goto(badge);
    await check(page, "badge");
    await page.check('input[value="link"]');
    await follow(page, 'form[action$="/visibility"] button');
    await check(page, "badge, shared");
    await shoot(stack, page, "pseudo-badge");
    await follow(page, ".button-bad");
    await check(page, "removal");
    await page.goto("/collections");
    await page.fill("#name", own);
    await follow(page, "main form button");
    await check(page, "an empty collection");
    await page.check(".pick input >> nth=0");
    await follow(page, 'button[value="put"]');
    await check(page, "a collection");
    await page.check('input[value="public"]');
    await follow(page, 'form[action$="/change"] button');
    await check(page, "a public collection");
    const share = await page.inputValue("#share-url");
    await follow(page, ".button-bad");
    await check(page, "deletion");
    await page.goto("/settings");
    await check(page, "settings");
    await page.goto(share);
    await check(page, "the page that others see");
    await page.goto(share.replace("/share/", "/embed/"));
    await check(page, "the same in a frame");
    await page.goto(share.replace("/share/", "/embed/") + "-none");
    await check(page, "nothing in a frame");
    await page.goto(share);
    await follow(page, ".show h2 a");
    await check(page, "the badge that others see");
    await page.goto(page.url().replace("/share/", "/embed/"));
    await check(page, "the same in a frame");
});

/* Asks for an address: the link in its mail. */
async function ask_for(address) {
    await page.goto("/settings");
    await page.fill("#email", address);
    await follow(page, 'form[action="/settings/addresses"] button');
    await check(page, "the page behind the form of an address");
    return /http\S+\/settings\/addresses\/\S+/.exec(await stack.mail_for(address))[0];
}

test("several addresses", async () => {
    const free = stack.address("free"), taken = stack.address("taken");
    const other = await visitor(browser, stack);
    await sign_in(stack, other.page, taken);
    await page.goto("/settings");
    await page.fill("#email", email);
    await follow(page, 'form[action="/settings/addresses"] button');
    await check(page, "an address that is theirs already");
    for (const address of [free, taken]) {
        const link = await ask_for(address);
        await page.goto(link);
        await check(page, `the link for ${address}`);
        await follow(page, "main .button-main");
        await check(page, "settings with several addresses");
        await page.goto(link);
        await check(page, "a link that was used");
    }
    await page.goto("/settings");
    await follow(page, 'form[action="/settings/addresses/remove"] button >> nth=0');
    await check(page, "the question before an address goes");
    await follow(page, ".button-bad");
    await page.goto("/backpack");
    await follow(page, ".card-link >> nth=0");
    await check(page, "a badge of an address that was given up");
    await other.close();
});

/* An SVG with something baked in that claims to be a badge. */
function baked(text) {
    return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="http://openbadges.org"><openbadges:assertion verify="${text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;")}"/></svg>`;
}
/* The signed one of the demo's, with another last letter of its signature that counts. */
function forged() {
    const jws = badges.map((b) => /eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(fs.readFileSync(b.picture, "latin1"))).find(Boolean)[0];
    return jws.slice(0, -4) + (jws.at(-4) === "A" ? "B" : "A") + jws.slice(-3);
}
/* Puts a document where the demo issuer serves it. */
function serve(name, text) {
    fs.writeFileSync(path.join(stack.dir, "demo/www", name), text);
    return `${stack.demo}/${name}`;
}

test("why a picture, a document or a signature will not do", async () => {
    const png = fs.readFileSync(badges.find((b) => b.picture.endsWith(".png")).picture);
    const files = {
        "cut.png": png.subarray(0, png.length - 40),
        "open.svg": `<svg xmlns="http://www.w3.org/2000/svg"><g>`,
        "json.svg": baked('{"id": nothing}'),
        "jws.svg": baked("aaaa.bbbb.cccc"),
        "forged.svg": baked(forged()),
    };
    await page.goto("/backpack/add");
    await page.setInputFiles("#file", Object.entries(files).map(([name, bytes]) => ({ name, mimeType: name.endsWith("png") ? "image/png" : "image/svg+xml", buffer: Buffer.from(bytes) })));
    await page.waitForFunction((n) => document.querySelectorAll(".result-failed:not(:has(progress))").length === n, Object.keys(files).length);
    await check(page, "files that are no good");
    assert.match(await page.textContent(".result:has-text('cut.png') .messages"), /I[A-Z]{3}/, "a cut picture's chunk is named");
    await shoot(stack, page, "pseudo-causes");
    const gone = serve("gone.json", JSON.stringify({ "@context": `${stack.demo}/no-context.json`, id: `${stack.demo}/gone.json`, type: "Assertion" }));
    const bad = serve("bad.json", '{"id": 1,}');
    const dated = serve("dated.json", JSON.stringify({ "@context": "https://w3id.org/openbadges/v2", id: `${stack.demo}/dated.json`, type: "Assertion", recipient: { type: "email", identity: "a@example.org", hashed: false }, badge: `${stack.demo}/no-class.json`, verification: { type: "hosted" }, issuedOn: "soon", expires: "later" }));
    for (const url of [gone, bad, dated, "http://10.0.0.1/x", badges.find((b) => b.note?.startsWith("revoked")).assertion]) {
        await page.goto("/backpack/add");
        await page.fill("#url", url);
        await follow(page, "form:not([data-upload]) button");
        await check(page, `added: ${url}`);
        await page.goto(`/verify?url=${encodeURIComponent(url)}`);
        await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
        await check(page, `checked: ${url}`);
    }
});

test("nothing complains", async () => assert.deepEqual(learner.complaints, []));

await run({
    setup: async () => {
        stack = Stack.own({ OBI_PSEUDO: "1" });
        email = stack.address("pseudo");
        badges = stack.badges_for(email);
        browser = await launch();
        learner = await visitor(browser, stack);
        page = learner.page;
    },
    teardown: async () => {
        await browser?.close();
        stack?.end();
    },
});
