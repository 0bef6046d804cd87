// An OpenID Provider that answers what a test tells it to: node provider.mjs PORT. It signs in nobody; the test
// plays the browser, and says by POST /control what the next answers are.
//   claims, header: members over those of a good ID token; null leaves one out
//   sign: the key: rsa, ec, ed, new (in no set), none, hmac; keys: which stand in the set; weak adds one of 1024 bits
//   metadata, token, userinfo: members over those of a good answer; null leaves one out
//   status: { path: status }; hang: paths that never answer; raw: { path: text }
// The answer to /control is what was asked since the last one.
import http from 'node:http'
import crypto from 'node:crypto'

const port = Number(process.argv[2]), root = `http://127.0.0.1:${port}`
const make = { rsa: ['rsa', { modulusLength: 2048 }], new: ['rsa', { modulusLength: 2048 }], weak: ['rsa', { modulusLength: 1024 }],
  ec: ['ec', { namedCurve: 'P-256' }], ed: ['ed25519', {}] }
const pairs = Object.fromEntries(Object.entries(make).map(([name, how]) => [name, crypto.generateKeyPairSync(...how)]))
const algorithm = { rsa: 'RS256', new: 'RS256', weak: 'RS256', ec: 'ES256', ed: 'EdDSA', none: 'none', hmac: 'HS256' }
const b64 = data => Buffer.from(data).toString('base64url')
const over = (good, changes = {}) => Object.fromEntries(Object.entries({ ...good, ...changes }).filter(([, value]) => value !== null))
let told = {}, asked = []

function signature(name, text) {
  if (name === 'none') return ''
  if (name === 'hmac') return crypto.createHmac('sha256', pairs.rsa.publicKey.export({ type: 'spki', format: 'pem' })).update(text).digest('base64url')
  const key = pairs[name].privateKey
  return crypto.sign(name === 'ed' ? null : 'sha256', Buffer.from(text), name === 'ec' ? { key, dsaEncoding: 'ieee-p1363' } : key).toString('base64url')
}

function id_token() {
  const name = told.sign ?? 'rsa', now = Math.floor(Date.now() / 1000)
  const header = over({ alg: algorithm[name], kid: name }, told.header)
  const claims = over({ iss: root, aud: 'obi', sub: 'somebody', iat: now, exp: now + 300 }, told.claims)
  const text = `${b64(JSON.stringify(header))}.${b64(JSON.stringify(claims))}`
  return `${text}.${signature(name, text)}`
}

const answers = {
  '/.well-known/openid-configuration': () => over({ issuer: root, authorization_endpoint: `${root}/auth?from=obi`, token_endpoint: `${root}/token`,
    jwks_uri: `${root}/jwks`, userinfo_endpoint: `${root}/me` }, told.metadata),
  '/jwks': () => ({ keys: (told.keys ?? ['rsa', 'ec', 'ed']).map(name => ({ kid: name, ...pairs[name].publicKey.export({ format: 'jwk' }) })) }),
  '/token': () => over({ access_token: 'the-access-token', token_type: 'Bearer', id_token: id_token() }, told.token),
  '/me': () => over({ sub: 'somebody' }, told.userinfo)
}

http.createServer(async (request, reply) => {
  let body = ''
  for await (const piece of request) body += piece
  const { pathname } = new URL(request.url, root)
  if (pathname === '/control') {
    reply.end(JSON.stringify(asked))
    told = JSON.parse(body)
    asked = []
    return
  }
  asked.push({ method: request.method, path: pathname, authorization: request.headers.authorization ?? '', form: Object.fromEntries(new URLSearchParams(body)) })
  if (told.hang?.includes(pathname)) return
  const status = told.status?.[pathname] ?? (answers[pathname] ? 200 : 404)
  reply.writeHead(status, { 'content-type': 'application/json', ...(status >= 300 && status < 400 ? { location: root + '/elsewhere' } : {}) })
  reply.end(told.raw?.[pathname] ?? (status === 200 ? JSON.stringify(answers[pathname]()) : JSON.stringify({ error: 'invalid_grant' })))
}).listen(port, '127.0.0.1', () => console.log('ready'))
