/* Tests that speak TAP: each is a promise's name and a function that throws when it is broken. */
import assert from "node:assert/strict";

export { assert };

const tests = [];
export function test(name, run) {
    tests.push({ name, run });
}

/* A failed test does not end the file, unless the rest would only fail with it. */
export async function run({ setup, teardown, stop_at_first = false } = {}) {
    let failed = 0;
    let stopped = false;
    console.log(`1..${tests.length}`);
    try {
        await setup?.();
    } catch (error) {
        console.log(`Bail out! ${String(error).replaceAll("\n", " ")}`);
        process.exit(1);
    }
    for (const [i, { name, run: body }] of tests.entries()) {
        let fault = null;
        try {
            if (stopped) throw new Error("an earlier step failed");
            await body();
        } catch (error) {
            fault = error;
            failed += 1;
            stopped = stop_at_first;
        }
        console.log(`${fault ? "not ok" : "ok"} ${i + 1} - ${name}`);
        /* To the standard error, which prove always shows. */
        if (fault) for (const line of String(fault.stack ?? fault).split("\n").slice(0, 20)) console.error(`# ${line}`);
    }
    await teardown?.();
    process.exit(failed === 0 ? 0 : 1);
}
