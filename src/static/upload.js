/* Pictures dropped on the page or chosen in the form are sent one by one, each with its progress, and what
 * the server's own page says of each is put into this one. Without this module the form does it in one go. */
const form = document.querySelector("form[data-upload]");
const veil = document.querySelector("[data-drop]");
const kept = document.querySelector("[data-words]");
const words = kept.dataset;

const LIMIT_FILES = Number(words.files);
const LIMIT_BYTES = Number(words.bytes);

/* Where results go: the page's own list, or a new one under its heading. */
function result_list() {
    let section = document.querySelector("[data-results]");
    if (!section) {
        section = document.createElement("section");
        section.className = "narrow stack";
        section.dataset.results = "";
        section.setAttribute("aria-live", "polite");
        const title = document.createElement("h2");
        const list = document.createElement("ul");
        title.textContent = words.title;
        const summary = document.createElement("p");
        list.className = "results";
        summary.className = "soft";
        summary.dataset.summary = "";
        section.append(title, summary, list);
        document.querySelector("main").prepend(section);
    }
    section.hidden = false;
    return section.querySelector("ul");
}

function waiting_row(name) {
    const row = document.createElement("li");
    const title = document.createElement("strong");
    const state = document.createElement("p");
    const bar = document.createElement("progress");
    row.className = "panel result";
    title.className = "break";
    title.textContent = name;
    state.textContent = words.sending;
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", name);
    row.append(title, state, bar);
    return { row, state, bar };
}

function send(file, waiting) {
    return new Promise((resolve) => {
        const body = new FormData();
        const request = new XMLHttpRequest();
        body.append("_csrf", form.elements._csrf.value);
        body.append("file", file, file.name);
        request.open("POST", form.action);
        request.responseType = "document";
        request.upload.onprogress = (event) => {
            if (event.lengthComputable) waiting.bar.value = event.loaded / event.total;
        };
        request.upload.onload = () => {
            waiting.bar.removeAttribute("value");
            waiting.state.textContent = words.checking;
        };
        request.onload = () => resolve(request.response);
        request.onerror = () => resolve(null);
        request.send(body);
    });
}

/* Looks as what the server refuses; how far a broken connection came is not known. */
function fail(waiting, name, sentence, has_steps = false) {
    const row = document.importNode(kept.content, true).querySelector(".result");
    row.querySelector("strong").textContent = name;
    row.querySelector("p").textContent = sentence;
    if (!has_steps) row.querySelector(".result-foot").remove();
    waiting.row.replaceWith(row);
}

/* Of more than one, how many came in. */
function sum_up(section) {
    const summary = section.querySelector("[data-summary]");
    const all = section.querySelectorAll(".result").length;
    const added = section.querySelectorAll(".result-added").length;
    summary.textContent = words.summary.replace("{added}", added).replace("{refused}", all - added);
    summary.hidden = all < 2;
}

async function upload(files) {
    const list = result_list();
    const rows = files.map((file) => {
        const waiting = waiting_row(file.name);
        list.append(waiting.row);
        return { file, waiting };
    });
    list.parentElement.scrollIntoView({ block: "start" });
    for (const [i, { file, waiting }] of rows.entries()) {
        if (i >= LIMIT_FILES) {
            fail(waiting, file.name, words.tooMany, true);
            continue;
        }
        if (file.size > LIMIT_BYTES) {
            fail(waiting, file.name, words.tooLarge, true);
            continue;
        }
        const page = await send(file, waiting);
        const result = page && page.querySelector("[data-results] .result");
        const sentence = page && page.querySelector("main h1");
        if (result) waiting.row.replaceWith(document.adoptNode(result));
        else fail(waiting, file.name, sentence ? sentence.textContent : words.broken);
    }
    sum_up(list.parentElement);
    if (list.querySelector(".result-added")) await refresh();
}

/* On the backpack: the badges that were added stand there without loading the page again. */
async function refresh() {
    const stale = document.querySelector("[data-fresh]");
    if (!stale) return;
    try {
        const answer = await fetch(location.pathname);
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.querySelector("[data-fresh]");
        if (fresh) stale.replaceWith(document.adoptNode(fresh));
    } catch {
        /* the results say what was added all the same */
    }
}

function has_files(event) {
    return event.dataTransfer && [...event.dataTransfer.types].includes("Files");
}

if (form && veil) {
    let depth = 0;
    addEventListener("dragenter", (event) => {
        if (!has_files(event)) return;
        event.preventDefault();
        depth += 1;
        veil.hidden = false;
    });
    addEventListener("dragover", (event) => {
        if (has_files(event)) event.preventDefault();
    });
    addEventListener("dragleave", (event) => {
        if (!has_files(event)) return;
        depth -= 1;
        if (depth <= 0) veil.hidden = true;
    });
    addEventListener("drop", (event) => {
        if (!has_files(event)) return;
        event.preventDefault();
        depth = 0;
        veil.hidden = true;
        upload([...event.dataTransfer.files]);
    });
    form.addEventListener("submit", (event) => {
        const input = form.querySelector('input[type="file"]');
        if (!input || input.files.length === 0) return;
        event.preventDefault();
        const files = [...input.files];
        input.value = "";
        upload(files);
    });
    form.querySelector('input[type="file"]')?.addEventListener("change", () => form.requestSubmit());
}
