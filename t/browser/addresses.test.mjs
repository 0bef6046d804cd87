/* A learner leaves school: the private address is added, finds an old backpack, and the school's is given up. */
import { test, run, assert } from "./lib/tap.mjs";
import { Stack } from "./lib/stack.mjs";
import { launch, visitor, follow, phone, sign_in, shoot, check_page } from "./lib/browser.mjs";

const stack = Stack.shared();
const school = stack.address("grace.of-a-school-with-a-long-name"), home = stack.address("grace"), old = stack.address("gracie");
let browser, learner, page;

async function ask(email) {
    await page.goto("/settings");
    await page.fill("#email", email);
    await follow(page, 'form[action="/settings/addresses"] button');
    assert.equal(await page.textContent(".address"), email);
    const mail = await stack.mail_for(email);
    return { link: /(http\S+\/settings\/addresses\/\S+)/.exec(mail)[1], code: /^\d{3} \d{3}$/m.exec(mail)[0] };
}

/* The page that `get` leads to, on a phone and on a desk, in light and dark. */
async function look(name, get) {
    for (const [device, options] of [["phone", phone], ["desk", {}]])
        for (const colorScheme of ["light", "dark"]) {
            const eyes = await visitor(browser, stack, { ...options, colorScheme, storageState: await learner.context.storageState(), bypassCSP: true });
            await get(eyes.page);
            await shoot(stack, eyes.page, `addresses-${name}-${device}-${colorScheme}`);
            await check_page(eyes.page, `${name}, ${device}, ${colorScheme}`);
            assert.deepEqual(eyes.complaints, []);
            await eyes.close();
        }
}
const press = (form, at = 0) => async (on) => {
    await on.goto("/settings");
    await follow(on, `form[action="/settings/addresses/${form}"] button >> nth=${at}`);
};
const settings = (on) => on.goto("/settings");

test("an address is added by the digits of its mail", async () => {
    await look("one", settings);
    const { link, code } = await ask(home);
    await check_page(page, "mail sent");
    await look("confirm", (on) => on.goto(link));
    await page.fill("#code", code);
    await page.click("main .panel button");
    await page.waitForURL("**/settings");
    assert.ok((await page.textContent("[aria-labelledby=addresses]")).includes(home));
    await look("dead", (on) => on.goto(link));
    await look("two", settings);
});

test("one's own address again is refused beside the field", async () => {
    await look("refused", async (on) => {
        await settings(on);
        await on.fill("#email", home);
        await on.click('form[action="/settings/addresses"] button');
        await on.waitForSelector("#email-error");
    });
});

test("an old backpack becomes part of this one, after its page has said what that means", async () => {
    const before = await visitor(browser, stack);
    await sign_in(stack, before.page, old);
    await before.page.goto("/backpack/add");
    await before.page.setInputFiles("#file", stack.badges_for(old).find((b) => b.version === "2.0" && !b.note).picture);
    await before.page.waitForSelector(".result-added");
    const { link } = await ask(old);
    await look("merge", (on) => on.goto(link));
    await page.goto(link);
    await page.click("main .button-main");
    await page.waitForURL("**/settings");
    await page.goto("/backpack");
    assert.equal(await page.locator(".card").count(), 1);
    await before.page.goto("/backpack");
    assert.equal(new URL(before.page.url()).pathname, "/signin");
    await before.close();
});

test("the school's address is given up, and another one is the primary one", async () => {
    await look("remove", press("remove"));
    await press("remove")(page);
    await page.click(".button-bad");
    await page.waitForURL("**/settings");
    assert.ok(!(await page.textContent("[aria-labelledby=addresses]")).includes(school));
    assert.ok((await page.textContent(".who")).includes(home));
    await press("primary")(page);
    assert.ok((await page.textContent(".who")).includes(old));
    assert.deepEqual(learner.complaints, []);
});

await run({
    stop_at_first: true,
    setup: async () => {
        browser = await launch();
        learner = await visitor(browser, stack);
        page = learner.page;
        await sign_in(stack, page, school);
    },
    teardown: async () => browser?.close(),
});
