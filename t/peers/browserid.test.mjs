// browserid-crypto 0.9.1 signs, browserid-local-verify 0.5.2 and OBI verify: the same verdict over the same assertions, or a
// difference that browserid-differences.json explains. With --docs it prints docs/browserid-differences.md, made from that.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { end, here, ok, require, top } from './serve.mjs'

const differences = JSON.parse(readFileSync(join(here, 'browserid-differences.json'), 'utf8'))
const docs = `# Differences to browserid-local-verify

<!-- Made by \`node t/peers/browserid.test.mjs --docs\` from t/peers/browserid-differences.json. Edit that. -->

\`t/peers/browserid.test.mjs\` has browserid-crypto 0.9.1 (npm) sign assertions, good ones and ones with faults in one or two
places, and gives them to browserid-local-verify 0.5.2 and to OBI. What that refuses OBI refuses. What it accepts OBI accepts,
but for these. How learners sign in so: [signing in](sign-in.md).

| assertions | why OBI refuses them |
| --- | --- |
${differences.map(d => `| ${d.what} | ${d.why} |`).join('\n')}
`
if (process.argv.includes('--docs')) { process.stdout.write(docs); process.exit(0) }

// The last of what its install script does no longer runs; this is the part that is used.
const crypto_dir = join(here, 'node_modules/browserid-crypto')
if (!existsSync(join(crypto_dir, 'libs/minimal.js'))) execFileSync(process.execPath, [join(crypto_dir, 'scripts/package.js')], { stdio: 'ignore' })
const jwcrypto = require('browserid-crypto')
require('browserid-crypto/lib/algs/ds')
require('browserid-crypto/lib/algs/rs')
const Verifier = require('browserid-local-verify')
// Its powers take it a second each, and Node nothing.
for (const { BigInteger } of [require('browserid-crypto/libs/minimal'), require('browserid-crypto/libs/all')])
  BigInteger.prototype.modPow = function (exponent, modulus) {
    const [b, e, m] = [this, exponent, modulus].map(x => BigInt(`0x${x.toString(16)}`))
    let power = 1n, square = b % m
    for (let left = e; left > 0n; left >>= 1n) { if (left & 1n) power = power * square % m; square = square * square % m }
    return new BigInteger(power.toString(16), 16)
  }
const call = (fn, ...args) => new Promise((done, fail) => fn(...args, (error, value) => error ? fail(error) : done(value)))

// RSA from Node: the library takes long to make a key.
const number = (jwk, name) => BigInt(`0x${Buffer.from(jwk[name], 'base64url').toString('hex')}`).toString()
function rsa(bits, e = 65537) {
  const jwk = generateKeyPairSync('rsa', { modulusLength: bits, publicExponent: e }).privateKey.export({ format: 'jwk' })
  const key = { algorithm: 'RS', n: number(jwk, 'n'), e: number(jwk, 'e') }
  return { public: key, jwk: { kty: 'RSA', n: jwk.n, e: jwk.e }, secret: jwcrypto.loadSecretKeyFromObject({ ...key, d: number(jwk, 'd') }) }
}
async function dsa(size) {
  const pair = await call(jwcrypto.generateKeypair, { algorithm: 'DS', keysize: size })
  const key = pair.publicKey.toSimpleObject()
  const b64 = hex => Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex').toString('base64url')
  return { public: key, jwk: { kty: 'DSA', ...Object.fromEntries(['y', 'p', 'q', 'g'].map(x => [x, b64(key[x])])) }, secret: pair.secretKey }
}
const keys = { RS64: rsa(512), RS128: rsa(1024), RS256: rsa(2048), DS128: await dsa(128), DS256: await dsa(256), other: rsa(2048), e3: rsa(2048, 3), otherUser: await dsa(128) }

const NOW = 1400000000000, MINUTE = 60000
const cases = []
const support = key => ({ 'public-key': key, authentication: '/sign_in', provisioning: '/provision' })
const page = (body, more = {}) => ({ status: 200, type: 'application/json', body: typeof body === 'string' ? body : JSON.stringify(body), ...more })
const certified = new Map()
async function sign(payload, key, header) {
  const text = JSON.stringify(payload)
  const name = `${header} ${text} ${Object.keys(keys).find(k => keys[k] === key)}`
  // Signing with long RSA keys takes the library a second.
  if (!certified.has(name)) certified.set(name, await call(jwcrypto.sign, payload, key.secret))
  const token = certified.get(name)
  return header === undefined ? token : [Buffer.from(header).toString('base64url'), ...token.split('.').slice(1)].join('.')
}

// A case: all that goes into an assertion and its world, made good, then changed. A change is [name, function].
async function add(changes) {
  const c = {
    issuer: keys.DS256, user: keys.DS128, audience: 'https://rp.example', now: NOW, fallback: undefined, trusted: [],
    certificate: { iss: 'idp.example', iat: NOW - MINUTE, exp: NOW + 60 * MINUTE, principal: { email: 'ann@idp.example' } },
    assertion: { exp: NOW + 2 * MINUTE, aud: 'https://rp.example' },
    web: { 'idp.example?idp.example': page(support(keys.DS256.public)) }, text: (cert, assertion) => `${cert}~${assertion}`,
  }
  for (const [, change] of changes) change(c)
  const certificate = await sign({ 'public-key': c.user.public, ...c.certificate }, c.issuer, c.certificateHeader)
  const assertion = await sign(c.assertion, c.signer ?? c.user, c.assertionHeader)
  cases.push({ ...c, name: changes.map(([name]) => name).join(' + ') || 'good', backed: c.text(certificate, assertion, c) })
}

const delegate = (...hosts) => c => {
  const principal = c.certificate.principal?.email?.split('@')[1] ?? 'idp.example'
  const keep = c.web['idp.example?idp.example']
  hosts.forEach((host, i) => { if (i + 1 < hosts.length) c.web[`${host}?${principal}`] = page({ authority: hosts[i + 1] }) })
  c.web[`${hosts.at(-1)}?${principal}`] ??= keep
}
const email = address => c => { c.certificate.principal = { email: address }; c.web[`idp.example?${address.split('@')[1]}`] ??= c.web['idp.example?idp.example'] }
const doc = body => c => { c.web['idp.example?idp.example'] = body }
const forged = (r, s, half) => (cert, assertion) => `${cert}~${assertion.replace(/[^.]*$/, Buffer.from(r.padStart(half * 2, '0') + s.padStart(half * 2, '0'), 'hex').toString('base64url'))}`
const edit = (at, change) => c => { c.text = (cert, assertion) => { const both = [cert, assertion]; both[at] = change(both[at]); return both.join('~') } }
const cut = token => token.slice(0, -6)
const q = keys.DS128.public.q
const long = (n) => `d${n}.example`

// Each by itself, and each with each of a few others.
const changes = [
  ...['RS64', 'RS128', 'RS256', 'DS128', 'DS256'].map(k => [`user ${k}`, c => { c.user = keys[k] }]),
  ...['RS128', 'RS256', 'DS128', 'DS256'].map(k => [`issuer ${k}`, c => { c.issuer = keys[k]; c.web['idp.example?idp.example'] = page(support(keys[k].public)) }]),
  ...['RS128', 'RS256', 'DS128', 'DS256'].map(k => [`user ${k} as JWK`, c => { c.user = { ...keys[k], public: keys[k].jwk } }]),
  ['issuer RS256 as JWK', c => { c.issuer = keys.RS256; doc(page({ ...support(), keys: [keys.RS256.jwk] }))(c) }],
  ['user with e = 3', c => { c.user = keys.e3 }],
  ['user with another group', c => { c.certificate['public-key'] = { ...keys.DS128.public, g: '1', y: keys.DS128.public.y } }],
  ['another key signs the assertion', c => { c.signer = keys.otherUser }],
  ['another key signs the certificate', c => { c.issuer = keys.other }],
  ['the key of the certificate is called pubkey', c => { c.certificate.pubkey = c.user.public; c.certificate['public-key'] = undefined }],
  ...['{"alg":"RS256"}', '{"alg":"none"}', '{"alg":"ds128"}', '{}', '[]', 'x', '{"alg":"DS128","typ":"JWT"}'].map(h => [`assertion header ${h}`, c => { c.assertionHeader = h }]),
  ...['{"alg":"RS256"}', '{"alg":"none"}', '{}'].map(h => [`certificate header ${h}`, c => { c.certificateHeader = h }]),
  // With s = 0 the library never answers.
  ...[[1, q], ['00', q], [q, q], [1, 1], ['ff'.repeat(20), 'ff'.repeat(20)]].map(([r, s]) => [`signature r=${r === q ? 'q' : r} s=${s === q ? 'q' : s}`, c => { c.text = forged(String(r), String(s), 20) }]),
  ['the signature of the assertion is cut', edit(1, cut)],
  ['the signature of the certificate is cut', edit(0, cut)],
  ['the signature of the assertion is padded', edit(1, t => `${t}==`)],
  ['the payload of the assertion is another', edit(1, t => { const [h, , s] = t.split('.'); return [h, Buffer.from('{"exp":1400000120000,"aud":"https://rp.example","x":1}').toString('base64url'), s].join('.') })],
  ['the payload of the certificate is another', edit(0, t => { const [h, p, s] = t.split('.'); return [h, Buffer.from(Buffer.from(p, 'base64url').toString().replace('ann', 'eve')).toString('base64url'), s].join('.') })],
  ['no certificate', c => { c.text = (cert, a) => a }],
  ['two certificates', c => { c.text = (cert, a) => `${cert}~${cert}~${a}` }],
  ['an empty assertion', c => { c.text = cert => `${cert}~` }],
  ['four parts', edit(1, t => `${t}.x`)],
  ['two parts', edit(1, t => t.replace(/\.[^.]*$/, ''))],
  ['nothing at all', c => { c.text = () => '~' }],
  ['certified in the future', c => { c.certificate.iat = NOW + 1 }],
  ['certified now', c => { c.certificate.iat = NOW }],
  ['certificate without iat', c => { c.certificate.iat = undefined }],
  ['certificate expired', c => { c.certificate.exp = NOW - 1 }],
  ['certificate expires now', c => { c.certificate.exp = NOW }],
  ['certificate without exp', c => { c.certificate.exp = undefined }],
  ['certificate for two days', c => { c.certificate.exp = NOW + 48 * 60 * MINUTE }],
  ['assertion in the future', c => { c.assertion.iat = NOW + 1 }],
  ['assertion with iat', c => { c.assertion.iat = NOW - 1 }],
  ['assertion expired', c => { c.assertion.exp = NOW - 1 }],
  ['assertion expires now', c => { c.assertion.exp = NOW }],
  ['assertion without exp', c => { c.assertion.exp = undefined }],
  ['assertion for an hour', c => { c.assertion.exp = NOW + 60 * MINUTE }],
  ['assertion exp in seconds', c => { c.assertion.exp = NOW / 1000 + 120 }],
  ['assertion exp as text', c => { c.assertion.exp = String(NOW + MINUTE) }],
  ['assertion exp with a fraction', c => { c.assertion.exp = NOW + MINUTE + 0.5 }],
  ...['http://rp.example', 'https://rp.example:443', 'https://rp.example/', 'https://rp.example:444', 'https://evil.example', 'https://RP.example', 'HTTPS://rp.example',
    'rp.example', '', 'https://rp.example.evil.example', 'https://evil.example/https://rp.example', 'https://rp.example/path', 'https://rp.example?x', 'https://x@rp.example', 'app://rp.example'].map(a => [`audience ${a}`, c => { c.assertion.aud = a }]),
  ['no audience', c => { c.assertion.aud = undefined }],
  ['audience is a number', c => { c.assertion.aud = 7 }],
  ...[['http://rp.example:8080', 'http://rp.example:8080'], ['http://rp.example', 'http://rp.example:80'], ['https://rp.example:443', 'https://rp.example']].map(([a, b]) => [`we are ${a}, audience ${b}`, c => { c.audience = a; c.assertion.aud = b }]),
  ...['bob@IDP.example', 'bob', 'bob@', '@idp.example', 'b@b@idp.example', 'bob@idp.example/x', 'b(b)@idp.example', 'bob @idp.example', 'bob@idp.example\n', 'a+b_c!#$%&\'*/=?^`{|}~.-@idp.example', `${'a'.repeat(250)}@idp.example`, `${'a'.repeat(200)}@idp.example`].map(a => [`email ${JSON.stringify(a.slice(0, 40))}`, email(a)]),
  ['email as sub', c => { c.certificate.sub = 'bob@idp.example'; c.certificate.principal = undefined }],
  ['email empty, and a sub', c => { c.certificate.sub = 'bob@idp.example'; c.certificate.principal = { email: '' } }],
  ['email unverified', c => { c.certificate.principal = { 'unverified-email': 'ann@idp.example' } }],
  ['no principal', c => { c.certificate.principal = undefined }],
  ['more claims', c => { c.certificate.verified = true; c.certificate.principal.age = 7; c.assertion.nonce = 'x' }],
  ['issuer evil.example', c => { c.certificate.iss = 'evil.example'; c.web['evil.example?idp.example'] = page(support(keys.DS256.public)) }],
  ['issuer evil.example is the fallback', c => { c.certificate.iss = c.fallback = 'evil.example'; c.web['evil.example?idp.example'] = page(support(keys.DS256.public)) }],
  ['issuer is an address', c => { c.certificate.iss = 'https://idp.example' }],
  ['issuer in upper case', c => { c.certificate.iss = 'IDP.example' }],
  ['no issuer', c => { c.certificate.iss = undefined }],
  ['the domain delegates', c => { email('ann@school.example')(c); delegate('school.example', 'idp.example')(c) }],
  ['the domain delegates, and certifies itself', c => { email('ann@school.example')(c); delegate('school.example', 'idp.example')(c); c.certificate.iss = 'school.example' }],
  ['the domain delegates five times', c => { email('ann@d0.example')(c); delegate(...[0, 1, 2, 3, 4].map(long), 'idp.example')(c) }],
  ['the domain delegates six times', c => { email('ann@d0.example')(c); delegate(...[0, 1, 2, 3, 4, 5].map(long), 'idp.example')(c) }],
  ['the domain delegates in a circle', c => { email('ann@d0.example')(c); delegate('d0.example', 'd1.example', 'd0.example')(c) }],
  ['the domain delegates to a port', c => { email('ann@school.example')(c); delegate('school.example', 'idp.example:8443')(c); c.certificate.iss = 'idp.example:8443' }],
  ['the domain delegates nowhere', c => { email('ann@school.example')(c); c.web['school.example?school.example'] = page({ authority: 'away.example' }) }],
  ['the domain does not answer', c => { email('ann@mail.example')(c) }],
  ['the domain does not answer, the issuer is the fallback', c => { email('ann@mail.example')(c); c.fallback = 'idp.example' }],
  ['the domain does not answer, another is the fallback', c => { email('ann@mail.example')(c); c.fallback = 'fallback.example'; c.web['fallback.example?mail.example'] = page(support(keys.DS256.public)) }],
  ['the fallback names a bridge', c => { email('ann@mail.example')(c); c.fallback = 'fallback.example'; c.web['fallback.example?mail.example'] = page({ authority: 'idp.example' }) }],
  ['the fallback is away', c => { email('ann@mail.example')(c); c.fallback = c.certificate.iss = 'fallback.example' }],
  ['the issuer is trusted', c => { email('ann@mail.example')(c); c.trusted = ['x.example', 'idp.example'] }],
  ['the issuer is trusted, its key is another', c => { email('ann@mail.example')(c); c.trusted = ['idp.example']; c.issuer = keys.other }],
  ['the issuer is trusted, the address unverified', c => { c.trusted = ['idp.example']; c.certificate.principal = { 'unverified-email': 'ann@idp.example' } }],
  ['the issuer is trusted, the address malformed', c => { email('ann@IDP.example')(c); c.web['idp.example?idp.example'] ??= 0; c.web['idp.example?null'] = c.web['idp.example?idp.example']; c.trusted = ['idp.example'] }],
  ['the issuer is trusted and away, the fallback certifies', c => { email('ann@mail.example')(c); c.trusted = ['away.example']; c.certificate.iss = 'away.example'; c.fallback = 'idp.example' }],
  ['disabled', doc(page({ disabled: true }))],
  ['disabled, with keys', doc(page({ disabled: true, ...support(keys.DS256.public) }))],
  ['disabled, the fallback certifies', c => { doc(page({ disabled: true }))(c); c.fallback = c.certificate.iss = 'fallback.example'; c.web['fallback.example?idp.example'] = page(support(keys.DS256.public)) }],
  ['disabled, a trusted issuer certifies', c => { doc(page({ disabled: true }))(c); c.trusted = [c.certificate.iss = 'fallback.example']; c.web['fallback.example?idp.example'] = page(support(keys.DS256.public)) }],
  ...['not', 1, 0, null, 'true', false].map(x => [`disabled is ${JSON.stringify(x)}`, doc(page({ disabled: x, ...support(keys.DS256.public) }))]),
  ...[7, true, 'https://idp.example', 'a@b.example', 'idp.example/x', 'IDP.example', ''].map(x => [`authority is ${JSON.stringify(x)}`, doc(page({ authority: x, ...support(keys.DS256.public) }))]),
  ...[201, 204, 301, 302, 303, 307, 400, 404, 500].map(x => [`support with status ${x}`, doc(page(support(keys.DS256.public), { status: x }))]),
  ...['text/html', 'application/json; charset=utf-8', 'text/json', 'application/jsonp', ''].map(x => [`support of type ${x}`, doc(page(support(keys.DS256.public), { type: x }))]),
  ...['', 'x', '7', '"x"', '[]', '{}', 'true'].map(x => [`support is ${x}`, doc(page(x))]),
  ...['authentication', 'provisioning', 'public-key'].map(x => [`support without ${x}`, doc(page({ ...support(keys.DS256.public), [x]: undefined }))]),
  ...['a', '/a?b', '/a#b', 'https://x.example/', 7, ''].map(x => [`the path of authentication is ${x}`, doc(page({ ...support(keys.DS256.public), authentication: x }))]),
  ['keys: one', doc(page({ ...support(), keys: [keys.DS256.public] }))],
  ['keys: another first', doc(page({ ...support(keys.other.public), keys: [keys.RS256.public, keys.DS256.public] }))],
  ['keys: for something else', doc(page({ ...support(), keys: [{ ...keys.DS256.public, use: 'enc' }] }))],
  ['keys: for signing', doc(page({ ...support(), keys: [{ ...keys.DS256.public, use: 'sig' }] }))],
  ['keys: none', doc(page({ ...support(), keys: [] }))],
  ['keys: an object', doc(page({ ...support(), keys: {} }))],
  ['keys: one is none', doc(page({ ...support(), keys: [keys.DS256.public, {}] }))],
  ['keys: one is of another kind', doc(page({ ...support(), keys: [keys.DS256.public, { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }] }))],
  ['keys: one is of 512 bits', doc(page({ ...support(), keys: [keys.DS256.public, keys.RS64.public] }))],
]
await add([])
for (const change of changes) await add([change])
const partners = ['user RS128', 'issuer RS256', 'the domain delegates'].map(name => changes.find(([n]) => n === name))
for (const partner of partners)
  for (const change of changes) if (change !== partner) await add([partner, change])

// What Persona and its kin signed when they were there.
const regression = join(here, 'node_modules/browserid-local-verify/tests/regression-cases')
for (const name of readdirSync(regression).filter(x => x.endsWith('.js'))) {
  const old = require(join(regression, name))
  const payloads = old.assertion.split('~').map(token => JSON.parse(Buffer.from(token.split('.')[1], 'base64url')))
  const issuer = payloads[0].iss
  const at = old.email?.split('@')[1] ?? issuer
  cases.push({ name: `of Persona's time: ${name}`, backed: old.assertion, audience: old.audience, now: payloads[1].exp - 1000, trusted: old.trustedIssuers ?? [], fallback: issuer,
    web: { [`${issuer}?${at}`]: page(support(old.pubKey)) } })
}

const theirs = c => new Promise(done => {
  const timer = setTimeout(() => done({ error: 'hangs' }), 1000)
  const finish = (error, value) => { clearTimeout(timer); done({ error, value }) }
  const httpRequest = (domain, path, cb) => {
    const got = c.web[`${domain}?${path.split('=')[1]}`]
    if (!got) return cb(null, 404, {}, '')
    cb(null, got.status, { 'content-type': got.type }, got.body)
  }
  process.removeAllListeners('uncaughtException')
  process.once('uncaughtException', finish) // it throws in callbacks
  try { new Verifier({ httpRequest, fallback: c.fallback, trustedIssuers: c.trusted }).verify({ assertion: c.backed, audience: c.audience, now: new Date(c.now) }, finish) } catch (error) { finish(error) }
})

const asking = more => cases.map((c, i) => JSON.stringify({ assertion: c.backed, audience: c.audience, now: c.now, fallback: c.fallback, trusted: c.trusted, web: c.web, ...more(i) })).join('\n')
const lines = spawnSync(join(top, 'build/dev/t/peers/browserid'), { input: asking(() => ({})), maxBuffer: 1 << 26 }).stdout.toString().trim().split('\n')
ok(lines.length === cases.length, `OBI answers all ${cases.length} assertions`, `${lines.length} answers`)
const verdicts = []
for (const c of cases) verdicts.push(await theirs(c))
const used = new Set()
// What the library says against what OBI says to each case.
function compare(said) {
  const wrong = []
  let agreed = 0, good = 0
  for (const [i, c] of cases.entries()) {
    const { error, value } = verdicts[i], they = error ? `failure ${error.message ?? error}` : `okay ${value.email ?? ''}`, we = said[i] ?? ''
    if (error ? we.startsWith('failure') : we === they) { agreed++; good += !error; continue }
    const why = we.startsWith('failure') && differences.find(d => c.name.split(' + ').some(name => new RegExp(`^(${d.cases})$`).test(name)))
    if (why) used.add(why)
    else wrong.push(`${c.name}: they say ${they}, we say ${we}`)
  }
  return { agreed, good, wrong }
}
const { agreed, good, wrong } = compare(lines)
ok(wrong.length === 0, `of ${cases.length} verdicts ${agreed} agree (${good} hold) and the others are explained`, wrong.join('\n'))
ok(good > 100, 'many hold', good)

// The library as the verifier of `browserid.verifier`, with the answers of mozilla/browserid-verifier, which ran at
// verifier.login.persona.org: the audience as asked, the expiry in milliseconds. Each case has a path.
let misheard = 0
const verifier = createServer((request, response) => {
  let form = ''
  request.on('data', chunk => { form += chunk }).on('end', () => {
    const at = Number(request.url.slice(1)), { assertion, audience } = Object.fromEntries(new URLSearchParams(form))
    if (request.method !== 'POST' || assertion !== cases[at].backed || audience !== cases[at].audience) misheard++
    const { error, value } = verdicts[at]
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify(error ? { status: 'failure', reason: error.message ?? error } : { ...value, status: 'okay', audience, expires: new Date(value.expires).valueOf() }))
  })
})
await new Promise(done => verifier.listen(0, '127.0.0.1', done))
const relayed = await new Promise(done => {
  const obi = spawn(join(top, 'build/dev/t/peers/browserid'))
  let out = ''
  obi.stdout.on('data', chunk => { out += chunk }).on('end', () => done(out.trim().split('\n')))
  obi.stdin.end(asking(i => ({ verifier: `http://127.0.0.1:${verifier.address().port}/${i}` })))
})
verifier.close()
const heard = compare(relayed)
ok(heard.wrong.length === 0, `asked over HTTP the library has the last word: ${heard.agreed} verdicts agree (${heard.good} hold)`, heard.wrong.join('\n'))
ok(heard.good > good, 'also of what OBI refuses by itself', heard.good)
ok(misheard === 0, 'and is asked for each assertion as it is', misheard)

const idle = differences.filter(d => !used.has(d))
ok(idle.length === 0, 'each explanation is of a difference that there is', idle.map(d => d.cases).join('\n'))
ok(existsSync(join(top, 'docs/browserid-differences.md')) && readFileSync(join(top, 'docs/browserid-differences.md'), 'utf8') === docs, 'docs/browserid-differences.md is what browserid-differences.json says')
end()
