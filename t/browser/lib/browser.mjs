/* A browser, pages that complain, screenshots, axe. */
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { assert } from "./tap.mjs";

const axe_source = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
export const desktop = { viewport: { width: 1280, height: 800 } };

export async function launch(...args) {
    return chromium.launch({
        executablePath: process.env.OBI_CHROMIUM ?? "/usr/bin/chromium",
        args: ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb", ...args],
    });
}

/* A visitor: a browser of their own, whose pages note every script error, every refusal of the
 * Content-Security-Policy and every failing answer. */
export async function visitor(browser, stack, options = {}) {
    const context = await browser.newContext({ ...desktop, baseURL: stack.base, ...options });
    /* Says that something never comes, not how fast it comes: other tests run beside this one. */
    context.setDefaultTimeout(90_000);
    const page = await context.newPage();
    const complaints = [];
    context.on("page", listen);
    listen(page);
    function listen(to) {
        to.on("pageerror", (error) => complaints.push(`${to.url()}: ${error}`));
        to.on("console", (message) => {
            if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) complaints.push(`${to.url()}: ${message.text()}`);
        });
        to.on("response", (answer) => {
            if (answer.status() >= 500) complaints.push(`${answer.url()}: ${answer.status()}`);
        });
    }
    return { context, page, complaints, close: () => context.close() };
}

/* Clicks what leads to another page, and waits until that is there: what is read next would else be the old page's. */
export async function follow(page, selector) {
    await Promise.all([page.waitForNavigation(), page.click(selector)]);
}

/* As a person would: asks for the mail, opens its link, confirms. */
export async function sign_in(stack, page, email) {
    await page.goto("/signin");
    await page.fill("#email", email);
    await follow(page, "main button");
    await page.goto(await stack.link_for(email));
    await follow(page, "main button");
    assert.equal(new URL(page.url()).pathname, "/backpack");
}

/* The button that allows something is pressed by whatever is under way when its page comes into sight: the page as it
 * loads, and as it gets the focus back. Nothing comes of it, and a moment later the button is good. */
export async function check_guard(page, selector) {
    const pressed = [];
    const note = (request) => { if (request.method() === "POST") pressed.push(request.url()); };
    page.on("request", note);
    await page.addInitScript((s) => {
        addEventListener("DOMContentLoaded", () => document.querySelector(s)?.click());
    }, selector);
    await page.reload();
    await page.waitForSelector(`${selector}:not([aria-disabled])`);
    const prevented = await page.evaluate((s) => {
        let ended = false;
        const button = document.querySelector(s);
        dispatchEvent(new Event("focus"));
        addEventListener("click", (event) => { ended = event.defaultPrevented; event.preventDefault(); }, { once: true });
        button.click();
        return ended && button.getAttribute("aria-disabled") === "true";
    }, selector);
    assert.ok(prevented, "what is pressed as the window gets the focus does nothing");
    await page.waitForSelector(`${selector}:not([aria-disabled])`);
    assert.deepEqual(pressed, [], "nothing was sent");
    page.off("request", note);
}

/* The click may be over before it is told so, with the window that it closes. */
export async function close_by(window, selector) {
    const pressed = window.click(selector).catch((error) => { if (!window.isClosed()) throw error; });
    await Promise.all([window.waitForEvent("close"), pressed]);
}

/* OpenBadges.issue on the demo issuer's page: the window that it opens, and what became of the badge in it. */
export async function open_push(stack, page, assertion) {
    await page.goto(`${stack.demo}/issue.html`);
    const [window] = await Promise.all([
        page.waitForEvent("popup"),
        page.evaluate((one) => { globalThis.told = new Promise((done) => globalThis.OpenBadges.issue(one, (...all) => done(all))); }, assertion),
    ]);
    await window.waitForURL(/\/(?:signin\b|issuer\/push\/)/, { waitUntil: "load" });
    return window;
}
export async function end_push(page, window, assertion) {
    await window.click("[data-decide] .button-main");
    assert.deepEqual(await page.evaluate(() => globalThis.told), [[], [assertion]]);
    await close_by(window, "[data-close]");
}

/* Screenshots go where OBI_SHOTS says, else beside the stack. */
export async function shoot(stack, page, name, options = {}) {
    const dir = process.env.OBI_SHOTS ?? path.join(stack.dir, "shots");
    fs.mkdirSync(dir, { recursive: true });
    await page.screenshot({ path: path.join(dir, `${name}.png`), fullPage: true, animations: "disabled", ...options });
}

/* What axe finds, one line each. */
export async function axe_lines(page) {
    await page.evaluate(axe_source);
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    return found.violations.map((v) => `${v.impact} ${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
}

/* Nothing sticks out to the side, and what is touched is large enough. */
export async function layout_lines(page) {
    return page.evaluate(() => {
        const lines = [];
        const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
        if (wide > 0) lines.push(`the page is ${wide} px too wide`);
        for (const at of document.querySelectorAll("button, .button, select, textarea, summary, .tabs a, .brand, .foot a, .choice, .pick, .switch, input:not([type=hidden], [type=checkbox], [type=radio])")) {
            const box = at.getBoundingClientRect();
            if (box.width > 0 && (box.height < 43.5 || box.width < 43.5)) lines.push(`${at.tagName} "${at.textContent.trim().slice(0, 30)}" is ${box.width} by ${box.height} px`);
        }
        return lines;
    });
}

export async function check_page(page, name) {
    assert.deepEqual(await axe_lines(page), [], `axe on ${name}`);
    assert.deepEqual(await layout_lines(page), [], `layout of ${name}`);
}
