// How any site shows what an address of the backpack stands for. The HTML is put in as it is, so only that of a site
// whose address was compared before: here the backpack's. Text around it would be set as text.
const backpack = document.getElementById("backpack").getAttribute("href");
const said = document.getElementById("said");
const post = document.getElementById("post");

document.getElementById("link").addEventListener("submit", async (event) => {
    event.preventDefault();
    const url = new FormData(event.target).get("url");
    post.replaceChildren();
    said.textContent = "Asking …";
    try {
        if (!url.startsWith(`${backpack}/`)) throw new Error("that is another site's address");
        const answer = await fetch(`${backpack}/oembed?${new URLSearchParams({ url, maxwidth: post.clientWidth })}`);
        if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
        const { html, title } = await answer.json();
        post.innerHTML = html;
        said.textContent = title;
    } catch (error) {
        said.textContent = `Nothing to show: ${error.message}`;
    }
});
