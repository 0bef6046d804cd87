/* A button that allows something does nothing in the first moment that its page is seen. Else the second half of a double
 * click would press it, when the first half closed the window of another site that stood before it. */
const QUIET_MS = 500;
const buttons = document.querySelectorAll("[data-guard]");
let timer = 0;

function end() {
    for (const button of buttons) button.removeAttribute("aria-disabled");
}
function begin() {
    clearTimeout(timer);
    for (const button of buttons) button.setAttribute("aria-disabled", "true");
    timer = setTimeout(end, QUIET_MS);
}

for (const button of buttons)
    button.addEventListener("click", (event) => {
        if (button.hasAttribute("aria-disabled")) event.preventDefault();
    });
for (const seen of ["focus", "pageshow"]) addEventListener(seen, begin);
document.addEventListener("visibilitychange", begin);
begin();
