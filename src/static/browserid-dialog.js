/* The dialog: on a click, a key is made in this browser, certified for the address, and used for one site once. */
const form = document.getElementById("browserid");
const { agree, cancel } = form.elements;
const site = form.dataset.origin;
const ASSERTION_MS = 2 * 60 * 1000;

const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const text = (value) => base64url(new TextEncoder().encode(JSON.stringify(value)));

/* As certificates write it: in decimal. */
function decimal(part) {
    const bytes = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
    return BigInt("0x" + [...bytes].map((c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join("")).toString();
}

async function certify(email, key) {
    const { n, e } = await crypto.subtle.exportKey("jwk", key.publicKey);
    const answer = await fetch(form.action, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": form.elements._csrf.value },
        body: JSON.stringify({ origin: site, email, key: JSON.stringify({ algorithm: "RS", n: decimal(n), e: decimal(e) }) }),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
}

/* The key leaves this page never, and ends with it. */
async function assertion(email) {
    const algorithm = { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
    const key = await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
    const { certificate, now } = await certify(email, key);
    const signed = text({ alg: "RS256" }) + "." + text({ exp: now + ASSERTION_MS, aud: site });
    const signature = await crypto.subtle.sign(algorithm.name, key.privateKey, new TextEncoder().encode(signed));
    return certificate + "~" + signed + "." + base64url(new Uint8Array(signature));
}

function say(answer) {
    window.opener.postMessage({ browserid: answer }, site);
    window.close();
}

if (window.opener && window === window.top) {
    agree.disabled = !form.elements.email;
    cancel.disabled = false;
} else {
    document.getElementById("trouble").hidden = false; /* nobody waits for an answer */
}
cancel.addEventListener("click", () => say(null));
form.addEventListener("submit", async (event) => {
    event.preventDefault();
    agree.disabled = true;
    try {
        say(await assertion(form.elements.email.value));
    } catch {
        document.getElementById("trouble").hidden = false;
        agree.disabled = false;
    }
});
