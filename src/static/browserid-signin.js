/* The sign-in page's button: what the dialog says goes into the form. */
const form = document.getElementById("browserid");
form.hidden = false;
form.addEventListener("submit", (event) => {
    event.preventDefault();
    navigator.id.get((assertion) => {
        if (assertion === null) return;
        form.elements.assertion.value = assertion;
        form.submit();
    });
});
