// Backpack Connect from a page. A site's server does the same without CORS: docs/connect.md has it in curl.
const backpack = document.getElementById("backpack").getAttribute("href");
const callback = location.origin + location.pathname;
const said = document.getElementById("said");
const log = document.getElementById("log");

const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const sha256 = async (text) => new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

// What must come back with the answer, and the tokens: of this tab, for as long as it is open.
const keep = (name, value) => sessionStorage.setItem(name, JSON.stringify(value));
const kept = (name) => JSON.parse(sessionStorage.getItem(name));

function note(line, answer) {
    const hidden = (name, value) => (/token$/.test(name) ? `${value.slice(0, 6)}…` : value);
    log.textContent += `${line}\n${typeof answer === "string" ? answer : JSON.stringify(answer, hidden, 2)}\n\n`;
}

async function ask(method, path, { form, token } = {}) {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const answer = await fetch(backpack + path, { method, headers, body: form && new URLSearchParams(form) });
    const text = await answer.text();
    const body = answer.headers.get("Content-Type").startsWith("application/json") ? JSON.parse(text) : text;
    note(`${method} ${path}: ${answer.status}`, body);
    return { status: answer.status, ok: answer.ok, body };
}

function show() {
    const tokens = kept("tokens");
    document.getElementById("connected").hidden = !tokens;
    if (tokens) said.textContent = "Connected.";
}

async function tokens_for(form) {
    const { ok, body } = await ask("POST", "/api/token", { form });
    if (ok) keep("tokens", body);
    else sessionStorage.removeItem("tokens");
    said.textContent = ok ? "Connected." : `Not connected: ${body}`;
    show();
    return ok;
}

// With an access token that works: one whose hour is over is replaced, once.
async function ask_as_site(method, path, more) {
    const first = await ask(method, path, { ...more, token: kept("tokens").access_token });
    if (first.status !== 401) return first;
    if (!(await tokens_for({ grant_type: "refresh_token", refresh_token: kept("tokens").refresh_token }))) return first;
    return ask(method, path, { ...more, token: kept("tokens").access_token });
}

// The answer stands in the address: taken out of it at once, so that no link, reload or history has it.
async function take_answer() {
    const answer = new URLSearchParams(location.search);
    const asked = kept("asked");
    if (answer.size === 0) return;
    history.replaceState(null, "", callback);
    sessionStorage.removeItem("asked");
    note("The backpack answers", Object.fromEntries([...answer].map(([name, value]) => [name, /token$|^code$/.test(name) ? `${value.slice(0, 6)}…` : value])));
    if (!asked || answer.get("state") !== asked.state) said.textContent = "Not connected: that answer is to a question that this tab did not ask.";
    else if (answer.has("error")) said.textContent = "Not connected: you did not allow it.";
    else if (answer.has("code")) await tokens_for({ grant_type: "authorization_code", code: answer.get("code"), code_verifier: asked.verifier });
    else keep("tokens", Object.fromEntries(answer));
}

document.getElementById("ask").addEventListener("submit", async (event) => {
    event.preventDefault();
    const asked = { state: random(), verifier: random() };
    const query = new URLSearchParams({ callback, scope: "issue", state: asked.state });
    if (document.getElementById("way").value === "code") {
        query.set("code_challenge", base64url(await sha256(asked.verifier)));
        query.set("code_challenge_method", "S256");
    }
    keep("asked", asked);
    location.assign(`${backpack}/access?${query}`);
});

document.getElementById("identity").addEventListener("submit", async (event) => {
    event.preventDefault();
    const { ok, body } = await ask_as_site("GET", "/api/identity");
    if (!ok) return;
    const hash = `sha256$${hex(await sha256(document.getElementById("email").value + body.salt))}`;
    said.textContent = hash === body.recipient ? "It is theirs." : "It belongs to another address.";
});

document.getElementById("issue").addEventListener("submit", async (event) => {
    event.preventDefault();
    const { status, body } = await ask_as_site("POST", "/api/issue", { form: { badge: document.getElementById("badge").value } });
    said.textContent = { 201: "The badge is in the backpack.", 409: "The badge was there already." }[status] ?? `The badge was refused: ${body.message ?? body}`;
});

document.getElementById("refresh").addEventListener("submit", async (event) => {
    event.preventDefault();
    await tokens_for({ grant_type: "refresh_token", refresh_token: kept("tokens").refresh_token });
});

await take_answer();
show();
