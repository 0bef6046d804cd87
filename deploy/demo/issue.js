// How any issuer's page sends badges: it hands over their addresses, or signed badges, and is told what became of each.
const form = document.getElementById("send");
const said = document.getElementById("said");
const fates = document.getElementById("fates");

function show(assertion, text, report) {
    const item = document.createElement("li");
    const name = document.createElement("strong");
    name.textContent = assertion.length > 80 ? `${assertion.slice(0, 80)} …` : assertion;
    item.append(name, ` ${text}`);
    if (report) {
        const link = document.createElement("a");
        link.href = report;
        link.textContent = "Report";
        item.append(" ", link);
    }
    fates.append(item);
}

form.addEventListener("submit", (event) => {
    event.preventDefault();
    fates.replaceChildren();
    said.textContent = "Your backpack is open in another window.";
    window.OpenBadges.issue(new FormData(form).getAll("assertions"), (errors, successes) => {
        said.textContent = `${successes.length} added, ${errors.length} not.`;
        for (const assertion of successes) show(assertion, "was added.");
        for (const { assertion, reason, message, report } of errors) show(assertion, `${reason}: ${message}`, report);
    });
});
