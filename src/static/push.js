/* The window in which an issuer's page hands over badges, from the moment it opens to the answer. The browser says
 * which page opened it; that and a key are kept in this tab, and the key goes along with the badges. So the page is
 * told what became of the badges that it sent itself, and nobody of any others. */
const at_work = document.querySelector("[data-push]");
const decided = document.querySelector("[data-decided]");
const decide = document.querySelector("[data-decide]");

/* Returns the key; an empty one where a tab can keep nothing: then nobody is answered. */
function keep(origin) {
    const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    try {
        sessionStorage.setItem("opener", JSON.stringify({ origin, key }));
        return key;
    } catch {
        return "";
    }
}
/* The origin of the page that sent what has this key. */
function kept(key) {
    try {
        const opener = JSON.parse(sessionStorage.getItem("opener"));
        return key && opener.key === key ? opener.origin : null;
    } catch {
        return null;
    }
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
        form.elements.window.value = keep(origin);
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
function answer(origin) {
    const errors = [];
    const successes = [];
    const close = document.querySelector("[data-close]");
    for (const { dataset } of decided.children) {
        const { assertion, reason, message, report } = dataset;
        if (reason) errors.push({ assertion, reason, message, report });
        else successes.push(assertion);
    }
    /* A page without an origin, of a file or in a sandbox, cannot be told from any other such page. */
    if (origin === "null") document.querySelector("[data-untold]").hidden = false;
    else window.opener.postMessage({ openbadges: "result", errors, successes }, origin);
    close.hidden = false;
    close.addEventListener("click", () => window.close());
    for (const link of document.querySelectorAll("[data-leave]")) link.hidden = true;
}

if (at_work && window.parent !== window) relay();
else if (at_work && window.opener) receive();
if (decided && window.opener && kept(decided.dataset.decided)) answer(kept(decided.dataset.decided));
decide?.addEventListener("submit", () => {
    const busy = decide.querySelector("[data-busy]");
    busy.textContent = busy.dataset.busy;
    /* After the form is read: a button that is disabled sends nothing. */
    setTimeout(() => { for (const button of decide.querySelectorAll("button")) button.disabled = true; });
});
