/* Passkeys. Each form asks the browser's authenticator and then goes its usual way, with what that answered in its
 * hidden fields; so the server's own page says how it went. Where a browser has no passkeys the forms stay hidden. */
const to_bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const to_text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function ask_server(form) {
    const reply = await fetch("/passkey/challenge", {
        method: "POST",
        headers: { "X-CSRF-Token": form.elements._csrf.value, Accept: "application/json" },
    });
    if (!reply.ok) throw new Error(`challenge: ${reply.status}`);
    return reply.json();
}

function fill(form, fields) {
    for (const [name, value] of Object.entries(fields)) form.elements[name].value = value;
}

async function make(form) {
    const asked = await ask_server(form);
    const made = await navigator.credentials.create({
        publicKey: {
            challenge: to_bytes(asked.challenge),
            rp: asked.rp,
            user: { ...asked.user, id: to_bytes(asked.user.id) },
            pubKeyCredParams: asked.algorithms.map((alg) => ({ type: "public-key", alg })),
            excludeCredentials: asked.exclude.map((id) => ({ type: "public-key", id: to_bytes(id) })),
            authenticatorSelection: { residentKey: "required", userVerification: "required" },
        },
    });
    fill(form, {
        client_data: to_text(made.response.clientDataJSON),
        auth_data: to_text(made.response.getAuthenticatorData()),
        algorithm: made.response.getPublicKeyAlgorithm(),
    });
}

async function use(form) {
    const asked = await ask_server(form);
    const got = await navigator.credentials.get({
        publicKey: { challenge: to_bytes(asked.challenge), rpId: asked.rp.id, userVerification: "required" },
    });
    fill(form, {
        credential: to_text(got.rawId),
        client_data: to_text(got.response.clientDataJSON),
        auth_data: to_text(got.response.authenticatorData),
        signature: to_text(got.response.signature),
    });
}

const ways = { make, use };

function say(form, sentence) {
    const place = form.querySelector("[role=alert]");
    place.textContent = sentence;
    place.hidden = sentence === "";
}

async function submit(event) {
    const form = event.currentTarget;
    const button = form.querySelector("button");
    event.preventDefault();
    say(form, "");
    button.disabled = true;
    try {
        await ways[form.dataset.passkey](form);
        form.submit();
    } catch (error) {
        say(form, error.name === "InvalidStateError" ? form.dataset.known : form.dataset.failed);
        button.disabled = false;
    }
}

if (window.PublicKeyCredential) {
    for (const form of document.querySelectorAll("form[data-passkey]")) {
        form.hidden = false;
        form.addEventListener("submit", submit);
    }
    for (const note of document.querySelectorAll("[data-passkey-none]")) note.hidden = true;
}
