/* The window in which an issuer's page hands over badges, from the moment it opens to the answer. The page that
 * opened it is named by the browser alone, and kept in this tab: it is the only one that is answered. */
const at_work = document.querySelector("[data-push]");
const decided = document.querySelector("[data-decided]");
const decide = document.querySelector("[data-decide]");

function keep(origin) {
    try { sessionStorage.setItem("opener", origin); } catch { /* no storage: then nobody is answered */ }
}
function kept() {
    try { return sessionStorage.getItem("opener"); } catch { return null; }
}

function show(when) {
    for (const part of at_work.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== when;
}

/* In a window: ask for the badges, and take them to the page that shows them. */
function receive() {
    const form = at_work.querySelector("form");
    let taken = false;
    show("window");
    addEventListener("message", ({ source, origin, data }) => {
        if (taken || source !== window.opener || data?.openbadges !== "assertions" || !Array.isArray(data.assertions)) return;
        taken = true;
        keep(origin);
        /* Our own frame inside an old page says for whom it speaks. */
        form.elements.sender.value = origin === location.origin ? String(data.sender) : origin;
        for (const assertion of data.assertions) {
            const input = document.createElement("input");
            input.type = "hidden";
            input.name = "assertions";
            input.value = String(assertion);
            form.append(input);
        }
        form.submit();
    });
    window.opener.postMessage({ openbadges: "ready" }, "*");
}

/* In a frame, where there are no cookies: a window does the work. The page around speaks jschannel, as the
 * original's issuer.js did. */
function relay() {
    const scope = "OpenBadges.issue::";
    const button = at_work.querySelector("[data-open]");
    let asked = null;
    let opened = null;
    const say = (message, to) => window.parent.postMessage(JSON.stringify(message), to);
    show("frame");
    function hear_page(data, origin) {
        let message;
        try { message = JSON.parse(data); } catch { return; }
        if (message?.method === `${scope}__ready` && message.params === "ping") say({ method: `${scope}__ready`, params: "pong" }, origin);
        if (message?.method !== `${scope}issue`) return;
        asked = { id: message.id, origin, assertions: [message.params].flat().map(String) };
        button.disabled = false;
    }
    function hear_window(data) {
        if (data?.openbadges === "ready") opened.postMessage({ openbadges: "assertions", sender: asked.origin, assertions: asked.assertions }, location.origin);
        if (data?.openbadges === "result") say({ id: asked.id, result: [data.errors, data.successes] }, asked.origin);
    }
    addEventListener("message", ({ source, origin, data }) => {
        if (source === window.parent) hear_page(data, origin);
        else if (opened && source === opened && origin === location.origin) hear_window(data);
    });
    button.addEventListener("click", () => {
        opened = window.open("/issuer/frame", "_blank", "popup,width=720,height=820");
    });
    say({ method: `${scope}__ready`, params: "ping" }, "*");
}

/* Each badge's fate, for the page that sent them. */
function answer() {
    const errors = [];
    const successes = [];
    const close = document.querySelector("[data-close]");
    for (const { dataset } of decided.children) {
        const { assertion, reason, message, report } = dataset;
        if (reason) errors.push({ assertion, reason, message, report });
        else successes.push(assertion);
    }
    window.opener.postMessage({ openbadges: "result", errors, successes }, kept());
    close.hidden = false;
    close.addEventListener("click", () => window.close());
    for (const link of document.querySelectorAll("[data-leave]")) link.hidden = true;
}

if (at_work && window.parent !== window) relay();
else if (at_work && window.opener) receive();
if (decided && window.opener && kept()) answer();
decide?.addEventListener("submit", () => {
    const busy = decide.querySelector("[data-busy]");
    busy.textContent = busy.dataset.busy;
    /* After the form is read: a button that is disabled sends nothing. */
    setTimeout(() => { for (const button of decide.querySelectorAll("button")) button.disabled = true; });
});
