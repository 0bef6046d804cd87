/* Signing in at a real OpenID Provider, which is another site for the browser. */
import fs from "node:fs";
import path from "node:path";
import { test, run, assert } from "./lib/tap.mjs";
import { Stack } from "./lib/stack.mjs";
import { launch, visitor, follow, phone, shoot, check_page, open_push, end_push } from "./lib/browser.mjs";
import { open, agree } from "./lib/provider.mjs";

const providers = { school: await open(), club: await open(), library: await open() };
let stack, browser, secret;

/* What our own pages complain of. */
const ours = (complaints) => complaints.filter((line) => line.startsWith(stack.base));
const who = (page) => page.locator(".who span[title]").getAttribute("title");
const name = (of) => `${of}-${process.pid}`;

test("a learner on a phone signs in at the school and lands where they wanted to go", async () => {
    const { page, complaints, close } = await visitor(browser, stack, phone);
    await page.goto("/collections");
    assert.equal(new URL(page.url()).pathname, "/signin");
    await shoot(stack, page, "oidc-signin-phone");
    await check_page(page, "the sign-in page");
    await page.click("text=Sign in with The school");
    await page.waitForURL(`${providers.school.issuer}/**`);
    await agree(page, name("ada"));
    await page.waitForURL(`${stack.base}/collections`);
    assert.equal(await who(page), `${name("ada")}@school.example`);
    assert.deepEqual(ours(complaints), []);
    await close();
});

test("the second time one click is enough, and Back does not go in a circle", async () => {
    const { page, complaints, close } = await visitor(browser, stack);
    await page.goto("/");
    await page.click("text=Sign in with The school");
    await page.waitForURL(`${providers.school.issuer}/**`);
    await agree(page, name("ada"));
    await page.waitForURL("**/backpack");
    await page.goto("/settings");
    await follow(page, 'form[action="/signout"] button');
    await page.goto("/signin");
    await page.click("text=Sign in with The school");
    await page.waitForURL("**/backpack");
    assert.equal(await who(page), `${name("ada")}@school.example`);
    await page.goBack();
    assert.equal(new URL(page.url()).origin, stack.base);
    assert.deepEqual(ours(complaints), []);
    await close();
});

test("all of it goes without JavaScript", async () => {
    const { page, close } = await visitor(browser, stack, { javaScriptEnabled: false });
    await page.goto("/signin");
    await page.click("text=Sign in with The school");
    await page.waitForURL(`${providers.school.issuer}/**`);
    await agree(page, name("plain"));
    await page.waitForURL("**/backpack");
    await close();
});

test("in the window that an issuer's page opened, that page is told in the end", async () => {
    const email = `${name("pushed")}@school.example`;
    const asked = stack.badges_for(email).find((b) => b.slug === "first-flight").assertion;
    const { page, complaints, close } = await visitor(browser, stack);
    const window = await open_push(stack, page, asked);
    await window.click("text=Sign in with The school");
    await window.waitForURL(`${providers.school.issuer}/**`);
    await agree(window, name("pushed"));
    await end_push(page, window, asked);
    assert.deepEqual(ours(complaints), []);
    await close();
});

test("who turns back at the provider is at the other ways to sign in", async () => {
    const { page, complaints, close } = await visitor(browser, stack);
    await page.goto("/collections");
    await page.click("text=Sign in with The school");
    await page.waitForURL(`${providers.school.issuer}/**`);
    await page.click("text=Cancel");
    await page.waitForURL(`${stack.base}/signin?next=/collections`);
    assert.ok(await page.isVisible("#email"));
    assert.deepEqual(ours(complaints), []);
    await close();
});

test("a provider that is not trusted with addresses is confirmed once by a mail's code", async () => {
    const email = `${name("cleo")}@school.example`;
    const { page, complaints, close } = await visitor(browser, stack, phone);
    await page.goto("/collections");
    await page.click("text=Sign in with Chess & Go club");
    await page.waitForURL(`${providers.club.issuer}/**`);
    await agree(page, name("cleo"));
    await page.waitForSelector("#code");
    assert.equal(await page.textContent(".address"), email);
    await shoot(stack, page, "oidc-confirm-phone");
    await check_page(page, "the page of a mail that confirms");
    await page.fill("#code", /^(\d{3} \d{3})\r?$/m.exec(await stack.mail_for(email))[1]);
    await page.click("main form button");
    await page.waitForURL(`${stack.base}/collections`);
    await page.goto("/settings");
    assert.match(await page.textContent("[aria-labelledby=accounts]"), /Chess & Go club/);
    await follow(page, 'form[action="/signout"] button');
    await page.goto("/signin");
    await page.click("text=Sign in with Chess & Go club");
    await page.waitForURL("**/backpack");
    assert.equal(await who(page), email);
    assert.deepEqual(ours(complaints), []);
    await close();
});

test("the settings add a way, name it and remove it", async () => {
    for (const [kind, options] of [["desk", {}], ["phone-dark", { ...phone, colorScheme: "dark" }]]) {
        const { page, complaints, close } = await visitor(browser, stack, options);
        await page.goto("/signin");
        await page.click("text=Sign in with The school");
        await page.waitForURL(`${providers.school.issuer}/**`);
        await agree(page, name(`bo-${kind}`));
        await page.waitForURL("**/backpack");
        await page.goto("/settings");
        await page.click("text=Add The library");
        await page.waitForURL(`${providers.library.issuer}/**`);
        await agree(page, name(`reader-${kind}`));
        await page.waitForURL(`${stack.base}/settings`);
        const section = page.locator("[aria-labelledby=accounts]");
        assert.match(await section.textContent(), /The library/);
        assert.match(await section.textContent(), new RegExp(`reader-${kind}`));
        assert.equal(await page.locator("text=Add The library").count(), 0);
        await shoot(stack, page, `oidc-settings-${kind}`);
        await check_page(page, "settings");
        /* Its sections are many: each is reached from the top. */
        const sections = await page.$$eval("main section h2", (all) => all.map((at) => at.id));
        assert.deepEqual(await page.$$eval("main nav a", (all) => all.map((at) => at.hash.slice(1))), sections);
        for (const id of sections) {
            await page.click(`main nav a[href="#${id}"]`);
            assert.ok(await page.evaluate((one) => document.getElementById(one).getBoundingClientRect().top < innerHeight, id), id);
            await page.evaluate(() => scrollTo(0, 0));
        }
        await page.click(`[aria-label^="Remove The library"]`);
        await page.waitForSelector("text=It no longer signs you in");
        assert.equal(await page.locator("text=Add The library").count(), 1);
        assert.deepEqual(ours(complaints), []);
        await close();
    }
});

test("the pages are sound in light and dark, on a phone and on a desk", async () => {
    for (const [kind, options] of [["desk", {}], ["desk-dark", { colorScheme: "dark" }], ["phone-light", phone], ["phone-dark", { ...phone, colorScheme: "dark" }]]) {
        const { page, complaints, close } = await visitor(browser, stack, options);
        for (const at of ["/", "/signin"]) {
            await page.goto(at);
            await shoot(stack, page, `oidc-${at === "/" ? "start" : "signin"}-${kind}`);
            await check_page(page, `${at} ${kind}`);
        }
        await page.route("**/signin/oidc/school", async (route) => { // stays, so that it can be looked at
            const response = await route.fetch();
            const { refresh, ...headers } = response.headers();
            assert.ok(refresh.startsWith(`0; url=${providers.school.issuer}/`));
            await route.fulfill({ response, headers });
        });
        await page.click("text=Sign in with The school");
        await page.waitForSelector("text=Going to The school");
        await shoot(stack, page, `oidc-away-${kind}`);
        await check_page(page, `the way to the provider ${kind}`);
        await page.goto("/signin/oidc/school/callback?state=x&code=y");
        assert.equal(await page.textContent(".error-code"), "400");
        await shoot(stack, page, `oidc-over-${kind}`);
        await check_page(page, `a sign-in that is over ${kind}`);
        assert.deepEqual(ours(complaints), []);
        await close();
    }
});

await run({
    setup: async () => {
        browser = await launch();
        secret = path.join(fs.mkdtempSync("/tmp/obi-oidc."), "secret");
        fs.chmodSync(path.dirname(secret), 0o755);
        fs.writeFileSync(secret, "something only the two know\n");
        const line = (at, more) => `oidc.provider = ${at} ${providers[at].issuer} obi ${more}\n`;
        stack = Stack.own({}, line("school", `secret=${secret} mail=school.example title=The school`) +
            line("club", "title=Chess & Go club") + line("library", "title=The library") + "fetch.allow_net = 127.0.0.1/32 public\n");
        const back = (at) => `${stack.base}/signin/oidc/${at}/callback`;
        await providers.school.serve({ redirect_uri: back("school"), secret: "something only the two know" });
        await providers.club.serve({ redirect_uri: back("club"), algorithm: "ES256" });
        await providers.library.serve({ redirect_uri: back("library"), algorithm: "EdDSA", verified: false });
    },
    teardown: async () => {
        await browser?.close();
        stack?.end();
        for (const provider of Object.values(providers)) provider.close();
        if (secret) fs.rmSync(path.dirname(secret), { recursive: true });
    },
});
