/* The stack that the tests run against: where it is, its mails, its tool, its demo issuer. */
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const top = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");

export class Stack {
    constructor(dir) {
        const settings = fs.readFileSync(path.join(dir, "settings"), "utf8");
        this.dir = dir;
        this.port = Number(/^PORT=(\d+)/m.exec(settings)[1]);
        this.base = `http://localhost:${this.port}`;
        this.demo = `http://127.0.0.1:${this.port + 1}`;
        this.seen = new Set(this.mail_files());
    }

    /* The one of this t/run. */
    static shared() {
        if (!process.env.OBI_TEST_VAR) throw new Error("OBI_TEST_VAR names no stack: use t/run browser");
        return new Stack(process.env.OBI_TEST_VAR);
    }

    /* One of this test alone, with an environment of its own, and settings over the default ones; `end` stops it. */
    static own(environment, settings = "") {
        const dir = fs.mkdtempSync(path.join(os.tmpdir(), "obi-test."));
        const conf = path.join(dir, "test.conf");
        fs.chmodSync(dir, 0o755);
        fs.writeFileSync(conf, settings);
        execFileSync(path.join(top, "t/stack"), ["up", dir, conf], { env: { ...process.env, ...environment }, stdio: "inherit" });
        const stack = new Stack(dir);
        stack.end = () => {
            execFileSync(path.join(top, "t/stack"), ["down", dir]);
            fs.rmSync(dir, { recursive: true, force: true });
        };
        return stack;
    }

    /* Adds to the settings and starts again what serves pages. */
    set(key, ...values) {
        fs.appendFileSync(path.join(this.dir, "obi.conf"), values.map((value) => `${key} = ${value}\n`).join(""));
        for (const what of ["stop", "start"]) execFileSync(path.join(top, "deploy/part"), [what, "--var", this.dir, "app"]);
    }

    mail_files() {
        const dir = path.join(this.dir, "mail");
        const names = fs.existsSync(dir) ? fs.readdirSync(dir) : [];
        return names.filter((name) => name.endsWith(".eml")).map((name) => path.join(dir, name));
    }

    /* The text of the next new mail to that address. */
    async mail_for(address) {
        for (const end = Date.now() + 60000; Date.now() < end; ) {
            for (const file of this.mail_files()) {
                if (this.seen.has(file)) continue;
                const text = fs.readFileSync(file, "utf8");
                if (!new RegExp(`^To:.*${address.replace(/[.+]/g, "\\$&")}`, "mi").test(text)) continue;
                this.seen.add(file);
                return text.replace(/=\r?\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
            }
            await new Promise((done) => setTimeout(done, 50));
        }
        throw new Error(`no mail came for ${address}`);
    }
    async link_for(address) {
        return /https?:\/\/\S+\/signin\/[A-Za-z0-9_-]+/.exec(await this.mail_for(address))[0];
    }

    async code_for(address) {
        return /\b\d{3} \d{3}\b/.exec(await this.mail_for(address))[0];
    }

    tool(...args) {
        const done = spawnSync(path.join(top, "build/dev/obi"), [...args, "--conf", path.join(this.dir, "obi.conf")], {
            encoding: "utf8", env: { ...process.env, OBI_CLOCK_FILE: path.join(this.dir, "clock") },
        });
        if (done.status !== 0) throw new Error(`obi ${args.join(" ")}: ${done.stdout}${done.stderr}`);
        return done.stdout;
    }

    /* The demo issuer's badges for somebody: { name, version, assertion, picture, note } each. */
    badges_for(email) {
        const args = ["--var", this.dir, "--build", path.join(top, "build/dev"), "--port", String(this.port), "--email", email];
        return execFileSync(path.join(top, "deploy/demo/make"), args, { encoding: "utf8" })
            .trim().split("\n").map((line) => JSON.parse(line));
    }

    /* An address that no other test uses. */
    address(name) {
        return `${name}-${process.pid}-${Date.now().toString(36)}@example.org`;
    }
}
