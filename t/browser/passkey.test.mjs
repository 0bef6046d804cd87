/* Passkeys, with Chromium's own virtual authenticator: adding one, signing in with it, and what does not work. */
import { test, run, assert } from "./lib/tap.mjs";
import { Stack } from "./lib/stack.mjs";
import { launch, visitor, follow, sign_in, phone, shoot, check_page, open_push, end_push } from "./lib/browser.mjs";

const stack = Stack.shared();
let browser;

/* An authenticator in the page's browser; `does_verify` says whether its owner's finger fits. */
async function plug_in(page, options = {}) {
    const client = await page.context().newCDPSession(page);
    await client.send("WebAuthn.enable");
    const { authenticatorId } = await client.send("WebAuthn.addVirtualAuthenticator", {
        options: {
            protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true,
            isUserVerified: true, automaticPresenceSimulation: true, ...options,
        },
    });
    return {
        keys: async () => (await client.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
        add: (credential) => client.send("WebAuthn.addCredential", { authenticatorId, credential }),
        remove: (credentialId) => client.send("WebAuthn.removeCredential", { authenticatorId, credentialId }),
        verifies: (isUserVerified) => client.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
    };
}

async function add_passkey(page, name) {
    await page.goto("/settings");
    await page.fill("#passkey-name", name);
    await follow(page, 'form[data-passkey="make"] button');
}
async function sign_out(page) {
    await page.goto("/settings");
    await follow(page, 'form[action="/signout"] button');
}
async function use_passkey(page, from = "/signin") {
    await page.goto(from);
    await follow(page, 'form[data-passkey="use"] button');
}

test("a learner adds a passkey and signs in with it, without a mail", async () => {
    for (const [name, options] of Object.entries({ desk: {}, "phone-dark": { ...phone, colorScheme: "dark" } })) {
        const email = stack.address(`passkey-${name}`);
        const { page, complaints, close } = await visitor(browser, stack, options);
        const authenticator = await plug_in(page);
        await sign_in(stack, page, email);
        await add_passkey(page, "My phone");
        assert.ok((await page.textContent("main")).includes("My phone"));
        assert.equal((await authenticator.keys()).length, 1);
        assert.match(await stack.mail_for(email), /My phone/);
        await shoot(stack, page, `passkey-settings-${name}`);
        await check_page(page, `the settings with a passkey, ${name}`);
        await sign_out(page);
        await page.goto("/signin?next=/collections");
        await shoot(stack, page, `passkey-signin-${name}`);
        await check_page(page, `the sign-in page with passkeys, ${name}`);
        await use_passkey(page, "/signin?next=/collections");
        assert.equal(new URL(page.url()).pathname, "/collections");
        await page.goto("/settings");
        assert.ok((await page.textContent("main")).includes(email));
        assert.deepEqual(complaints, []);
        await close();
    }
});

test("in the window that an issuer's page opened, that page is told in the end", async () => {
    const email = stack.address("passkey-pushed");
    const asked = stack.badges_for(email).find((b) => b.slug === "first-flight").assertion;
    const { page, complaints, close } = await visitor(browser, stack);
    const authenticator = await plug_in(page);
    await sign_in(stack, page, email);
    await add_passkey(page, "My phone");
    await sign_out(page);
    const window = await open_push(stack, page, asked);
    /* Chromium's virtual authenticators belong to one page each. */
    const carried = await plug_in(window);
    const [key] = await authenticator.keys();
    await carried.add({ ...key, signCount: 0 });
    await follow(window, 'form[data-passkey="use"] button');
    assert.match(await window.textContent("[role=alert]"), /copy/, "what is refused leads back to the ways in");
    await carried.remove(key.credentialId);
    await carried.add({ ...key, signCount: 9 });
    await window.click('form[data-passkey="use"] button');
    await end_push(page, window, asked);
    assert.deepEqual(complaints, []);
    await close();
});

test("a device makes one passkey for an account", async () => {
    const { page, close } = await visitor(browser, stack);
    await plug_in(page);
    await sign_in(stack, page, stack.address("passkey-twice"));
    await add_passkey(page, "First");
    await page.fill("#passkey-name", "Second");
    await page.click('form[data-passkey="make"] button');
    await page.waitForSelector('form[data-passkey="make"] [role=alert]:not([hidden])');
    assert.ok((await page.textContent('form[data-passkey="make"] [role=alert]')).includes("already"));
    await close();
});

test("a removed passkey, an unverified one and a copied one sign nobody in", async () => {
    const { page, close } = await visitor(browser, stack);
    const authenticator = await plug_in(page);
    const email = stack.address("passkey-removed");
    await sign_in(stack, page, email);
    await add_passkey(page, "Lost");
    await stack.mail_for(email);
    const [key] = await authenticator.keys();
    await sign_out(page);

    await authenticator.verifies(false);
    await page.goto("/signin");
    await page.click('form[data-passkey="use"] button');
    await page.waitForSelector('form[data-passkey="use"] [role=alert]:not([hidden])');
    await authenticator.verifies(true);

    await use_passkey(page);
    assert.equal(new URL(page.url()).pathname, "/backpack");
    await sign_out(page);
    await authenticator.remove(key.credentialId);
    await authenticator.add({ ...key, signCount: 0 }); // as it was before it was used
    await use_passkey(page);
    assert.match(await page.textContent("[role=alert]"), /copy/);

    await sign_in(stack, page, email);
    await page.goto("/settings");
    await follow(page, 'form[action$="/remove"] button');
    await sign_out(page);
    await use_passkey(page);
    assert.match(await page.textContent("[role=alert]"), /not known here/);
    await close();
});

test("without JavaScript the page says so and the mail works", async () => {
    const { page, close } = await visitor(browser, stack, { javaScriptEnabled: false });
    await page.goto("/signin");
    assert.ok(!(await page.isVisible('form[data-passkey="use"]')));
    await sign_in(stack, page, stack.address("passkey-plain"));
    await page.goto("/settings");
    assert.ok(await page.isVisible("[data-passkey-none]"));
    await close();
});

await run({
    setup: async () => {
        browser = await launch();
    },
    teardown: async () => browser?.close(),
});
