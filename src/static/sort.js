/* Badges of a collection moved by dragging. Every row's own form has the same by buttons. */
const list = document.querySelector("[data-sort]");

const rows = () => [...list.children];

/* Moves the row on the server by as many places as it was dragged. A full page is not needed: what is shown
 * already is what was asked for, and any other answer loads what is true. */
async function save(row, by) {
    const form = row.querySelector("form");
    const body = new URLSearchParams(new FormData(form));
    body.set("do", "move");
    body.set("by", String(by));
    try {
        const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" });
        if (answer.type !== "opaqueredirect" && !answer.ok) location.reload();
    } catch {
        location.reload();
    }
}

function label_ends() {
    rows().forEach((row, i, all) => {
        row.querySelector('[value="up"]').disabled = i === 0;
        row.querySelector('[value="down"]').disabled = i === all.length - 1;
    });
}

if (list) {
    let dragged = null;
    let from = 0;
    for (const row of list.children) row.draggable = true;
    list.addEventListener("dragstart", (event) => {
        dragged = event.target.closest("li");
        from = rows().indexOf(dragged);
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", dragged.dataset.id);
        dragged.classList.add("dragging");
    });
    list.addEventListener("dragover", (event) => {
        if (!dragged) return;
        event.preventDefault();
        const over = event.target.closest("li");
        if (!over || over === dragged || over.parentElement !== list) return;
        const box = over.getBoundingClientRect();
        if (event.clientY < box.top + box.height / 2) over.before(dragged);
        else over.after(dragged);
    });
    list.addEventListener("drop", (event) => event.preventDefault());
    list.addEventListener("dragend", () => {
        if (!dragged) return;
        dragged.classList.remove("dragging");
        const by = rows().indexOf(dragged) - from;
        if (by !== 0) {
            label_ends();
            save(dragged, by);
        }
        dragged = null;
    });
}
