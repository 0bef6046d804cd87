/* One OBI signs people in by the word of another: two stacks, and a front that speaks https for the one that vouches. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import os from "node:os";
import path from "node:path";
import { test, run, assert } from "./lib/tap.mjs";
import { Stack, top } from "./lib/stack.mjs";
import { launch, visitor, sign_in, shoot, check_page, open_push, end_push, close_by } from "./lib/browser.mjs";

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "obi-browserid."));
fs.chmodSync(dir, 0o755);
let browser, vouching, relying, front;

function shell(command) {
    execFileSync("sh", ["-c", `cd ${dir} && ${command}`], { stdio: ["ignore", "ignore", "pipe"] });
}

/* What the vouching OBI and the domain of its people answer on https. */
async function begin_front() {
    shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=ca -keyout ca.key -out ca.pem" +
        " && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout server.key -out server.csr" +
        " && echo subjectAltName=DNS:localhost,DNS:school.example >ext" +
        " && openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile ext -out server.pem");
    const read = (name) => fs.readFileSync(path.join(dir, name));
    front = https.createServer({ key: read("server.key"), cert: read("server.pem") }, (request, answer) => {
        if (request.headers.host === "school.example") {
            answer.writeHead(200, { "Content-Type": "application/json" });
            answer.end(JSON.stringify({ authority: `localhost:${vouching.port}` }));
            return;
        }
        http.get(`${vouching.base}${request.url}`, (got) => {
            answer.writeHead(got.statusCode, got.headers);
            got.pipe(answer);
        });
    });
    await new Promise((done) => front.listen(0, "127.0.0.1", done));
}

async function setup() {
    browser = await launch();
    await begin_front();
    execFileSync(path.join(top, "build/dev/obi"), ["key", path.join(dir, "key.pem")]);
    fs.chmodSync(path.join(dir, "key.pem"), 0o644);
    vouching = Stack.own({}, `browserid.key = ${dir}/key.pem\nbrowserid.domain = school.example\nsite.name = The school\n`);
    const to = front.address().port;
    relying = Stack.own({}, `browserid.dialog = ${vouching.base}\nsite.name = The museum\nfetch.cacert = ${dir}/ca.pem\n` +
        `fetch.allow_net = 127.0.0.1/32 public\nfetch.connect_to = localhost:${vouching.port}:127.0.0.1:${to}\n` +
        `fetch.connect_to = school.example:443:127.0.0.1:${to}\n`);
    /* Their addresses are known only now. */
    vouching.set("browserid.site", relying.base, relying.demo);
}
async function teardown() {
    await browser?.close();
    vouching?.end();
    relying?.end();
    front?.close();
    fs.rmSync(dir, { recursive: true, force: true });
}

const email = `ann-${process.pid}@school.example`;

async function press_browserid(page) {
    const [popup] = await Promise.all([page.waitForEvent("popup"), page.click("#browserid button")]);
    await popup.waitForLoadState();
    return popup;
}
async function open_dialog(page) {
    await page.goto(`${relying.base}/signin?next=/settings`);
    return press_browserid(page);
}

test("whoever is signed in at one is signed in at the other by a click", async () => {
    const { page, complaints, close } = await visitor(browser, vouching);
    await sign_in(vouching, page, email);
    const popup = await open_dialog(page);
    await check_page(page, "sign-in with BrowserID");
    await shoot(relying, page, "browserid-signin");
    await check_page(popup, "the dialog of BrowserID");
    await shoot(vouching, popup, "browserid-dialog");
    assert.ok(await popup.isChecked(`input[value="${email}"]`));
    await Promise.all([page.waitForURL((url) => url.pathname === "/settings"), popup.click("button[name=agree]")]);
    assert.ok(page.url().startsWith(relying.base), "and is where they wanted to go");
    assert.ok((await page.textContent("main")).includes(email));
    assert.ok(popup.isClosed());
    assert.deepEqual(complaints, []);
    await close();
});

test("whoever is not signs in within the window, by the digits of the mail", async () => {
    const { page, complaints, close } = await visitor(browser, vouching);
    const popup = await open_dialog(page);
    await popup.fill("#email", email);
    await popup.click("main button");
    await popup.waitForSelector("#code");
    const code = /\b(\d{3}) ?(\d{3})\b/.exec((await vouching.mail_for(email)).replace(/^[\s\S]*?\n\r?\n/, ""));
    await popup.fill("#code", code[1] + code[2]);
    await popup.click('form[action="/signin/code"] button');
    await popup.waitForSelector("button[name=agree]:enabled");
    await Promise.all([page.waitForURL((url) => url.pathname === "/settings"), popup.click("button[name=agree]")]);
    assert.ok((await page.textContent("main")).includes(email));
    assert.deepEqual(complaints, []);
    await close();
});

test("in the window that an issuer's page opened, that page is told in the end", async () => {
    const sent_to = `bob-${process.pid}@school.example`;
    const asked = relying.badges_for(sent_to).find((b) => b.slug === "first-flight").assertion;
    const { page, complaints, close } = await visitor(browser, vouching);
    await sign_in(vouching, page, sent_to);
    const window = await open_push(relying, page, asked);
    await window.waitForSelector("#browserid:visible");
    await Promise.all([window.waitForNavigation(), window.evaluate(() => {
        const form = document.getElementById("browserid");
        form.elements.assertion.value = "nonsense";
        form.submit();
    })]);
    assert.ok(await window.isVisible("[role=status]"), "what is refused leads back to the ways in");
    const popup = await press_browserid(window);
    await close_by(popup, "button[name=agree]");
    await end_push(page, window, asked);
    assert.deepEqual(complaints, []);
    await close();
});

test("whoever closes the window, or cancels, stays where they were", async () => {
    const { page, complaints, close } = await visitor(browser, vouching);
    await sign_in(vouching, page, email);
    let popup = await open_dialog(page);
    await popup.close();
    popup = await open_dialog(page);
    await close_by(popup, "button[name=cancel]");
    assert.ok(page.url().includes("/signin"));
    assert.equal((await page.request.get(`${relying.base}/backpack`, { maxRedirects: 0 })).status(), 303);
    assert.deepEqual(complaints, []);
    await close();
});

test("a page that frames the dialog, or opens it for a site that is not named, gets nothing", async () => {
    const { page, close } = await visitor(browser, vouching);
    await sign_in(vouching, page, email);
    const dialog = `${vouching.base}/browserid/dialog?origin=${relying.base}`;
    await page.goto(`${relying.demo}/`);
    const framed = await page.evaluate((at) => new Promise((done) => {
        const frame = document.createElement("iframe");
        frame.onload = () => done(frame.contentDocument === null ? "closed" : "open");
        frame.src = at;
        document.body.append(frame);
    }), dialog);
    const inside = page.frames().find((frame) => frame !== page.mainFrame());
    assert.ok(framed === "closed" && !inside.url().startsWith(vouching.base), `the frame shows ${inside.url()}`);
    const [popup] = await Promise.all([page.waitForEvent("popup"), page.evaluate((at) => void window.open(at), dialog.replace(/=.*/, "=http://127.0.0.1:1"))]);
    await popup.waitForLoadState();
    assert.equal(await popup.locator("#browserid").count(), 0);
    /* Opened in another's name, the answer goes to whom it names, and so to nobody. */
    const [named] = await Promise.all([page.waitForEvent("popup"), page.evaluate((at) => {
        window.heard = [];
        addEventListener("message", (event) => window.heard.push(event.data));
        window.open(at);
    }, dialog)]);
    await named.waitForSelector("button[name=agree]:enabled");
    await close_by(named, "button[name=agree]");
    await page.evaluate(() => new Promise((done) => { setTimeout(done); }));
    assert.deepEqual(await page.evaluate(() => window.heard), []);
    await close();
});

/* A site of anybody's, with the script that OBI serves; it is told an assertion, and the rest is its own affair. */
test("any page of a named site has navigator.id by one script", async () => {
    const { page, complaints, close } = await visitor(browser, vouching);
    await sign_in(vouching, page, email);
    fs.writeFileSync(path.join(relying.dir, "demo/www/their-page.html"),
        `<!DOCTYPE html><title>x</title><script src="${vouching.base}/browserid/include.js"></script><button onclick="navigator.id.request()">in</button>`);
    await page.goto(`${relying.demo}/their-page.html`);
    await page.evaluate(() => new Promise((done) => navigator.id.watch({ onlogin: (text) => (window.told = text), onlogout: () => (window.left = true), onready: done })));
    const [popup] = await Promise.all([page.waitForEvent("popup"), page.click("button")]);
    await close_by(popup, "button[name=agree]");
    const told = await (await page.waitForFunction(() => window.told)).jsonValue();
    const [certificate, assertion] = told.split("~").map((token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url")));
    assert.equal(certificate.principal.email, email);
    assert.equal(assertion.aud, relying.demo);
    /* It is for them alone. */
    const answer = await page.request.post(`${relying.base}/backpack/authenticate`, { form: { assertion: told }, headers: { Accept: "application/json" } });
    assert.match((await answer.json()).reason, /audience mismatch/);
    await page.evaluate(() => navigator.id.logout());
    await page.waitForFunction(() => window.left);
    assert.deepEqual(complaints, []);
    await close();
});

await run({ setup, teardown });
