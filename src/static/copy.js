/* Buttons that copy an address. Without this module the field can be selected by hand. */
for (const button of document.querySelectorAll("[data-copy]")) {
    const field = document.getElementById(button.dataset.copy);
    const label = button.querySelector("span");
    if (!navigator.clipboard || !field) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
        const before = label.textContent;
        try {
            await navigator.clipboard.writeText(field.value);
            label.textContent = button.dataset.copied;
        } catch {
            field.select();
        }
        setTimeout(() => { label.textContent = before; }, 2000);
    });
}
