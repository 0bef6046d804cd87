/* A real OpenID Provider (oidc-provider) on a port of its own, with its own forms: any name and password sign in. */
import http from "node:http";
import crypto from "node:crypto";
import { Provider } from "oidc-provider";

/* It warns that it is not fit for production, and it is not. */
console.info = console.warn = () => {};

const keys = {
    RS256: () => crypto.generateKeyPairSync("rsa", { modulusLength: 2048 }),
    ES256: () => crypto.generateKeyPairSync("ec", { namedCurve: "P-256" }),
    EdDSA: () => crypto.generateKeyPairSync("ed25519"),
};

/* Listens at once, so that a stack can be told where; `serve` says whose it is. */
export async function open() {
    let answer = null;
    const server = http.createServer((request, reply) => answer(request, reply));
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    const port = server.address().port;
    return {
        port,
        issuer: `http://127.0.0.1:${port}`,
        /* verified: what it says of addresses. */
        async serve({ algorithm = "RS256", redirect_uri, secret, verified = true }) {
            const provider = new Provider(this.issuer, {
                clients: [{
                    client_id: "obi", client_secret: secret, redirect_uris: [redirect_uri], id_token_signed_response_alg: algorithm,
                    token_endpoint_auth_method: secret ? "client_secret_basic" : "none",
                }],
                jwks: { keys: [{ ...keys[algorithm]().privateKey.export({ format: "jwk" }), use: "sig", alg: algorithm, kid: "one" }] },
                claims: { openid: ["sub"], email: ["email", "email_verified"] },
                findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, email: `${sub}@school.example`, email_verified: verified }) }),
                pkce: { required: () => true, methods: ["S256"] },
                cookies: { keys: ["for this test"], names: { session: `session_${port}`, interaction: `interaction_${port}`, resume: `resume_${port}` } },
            });
            answer = provider.callback();
            return provider;
        },
        close: () => server.close(),
    };
}

/* What a person does at its pages: types a name, agrees. */
export async function agree(page, name) {
    await page.fill('input[name="login"]', name);
    await page.fill('input[name="password"]', "any");
    await page.click('button[type="submit"]');
    await page.waitForSelector('input[name="prompt"][value="consent"]', { state: "attached" });
    await page.click('button[type="submit"]');
}
