// How any site shows a learner's public badges: the address becomes a number once, on the site's server (here
// nginx passes /convert on); the browser then asks the display API. All text is set as text, never as HTML.
const backpack = document.getElementById("backpack").getAttribute("href");
const said = document.getElementById("said");
const shelf = document.getElementById("shelf");

async function viaFetch(path) {
    const answer = await fetch(backpack + path);
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    return answer.json();
}

let calls = 0;
function viaJsonp(path) {
    return new Promise((done, failed) => {
        const name = `badges${++calls}`;
        const script = document.createElement("script");
        window[name] = (answer) => {
            script.remove();
            delete window[name];
            if (answer.httpStatus >= 400) failed(new Error(`HTTP ${answer.httpStatus}`));
            else done(answer);
        };
        script.onerror = () => failed(new Error("no answer"));
        script.src = `${backpack}${path}?callback=${name}`;
        document.head.append(script);
    });
}

async function numberOf(email) {
    const answer = await fetch("/convert", { method: "POST", body: new URLSearchParams({ email }) });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error ?? `HTTP ${answer.status}`);
    return said.userId;
}

function show(group, badges) {
    const section = document.createElement("section");
    const title = document.createElement("h2");
    const list = document.createElement("ul");
    title.textContent = group.name;
    list.className = "cards";
    for (const { assertion, imageUrl } of badges) {
        const item = document.createElement("li");
        const image = document.createElement("img");
        const name = document.createElement("h3");
        const from = document.createElement("p");
        item.className = "card";
        image.src = imageUrl;
        image.alt = "";
        image.width = image.height = 160;
        name.textContent = assertion.badge.name;
        from.textContent = assertion.badge.issuer.name;
        item.append(image, name, from);
        list.append(item);
    }
    section.append(title, list);
    shelf.append(section);
}

document.getElementById("who").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const ask = form.get("way") === "jsonp" ? viaJsonp : viaFetch;
    shelf.replaceChildren();
    said.textContent = "Asking …";
    try {
        const user = await numberOf(form.get("email"));
        const { groups } = await ask(`/displayer/${user}/groups.json`);
        for (const group of groups) {
            const { badges } = await ask(`/displayer/${user}/group/${group.groupId}.json`);
            show(group, badges);
        }
        said.textContent = groups.length === 1 ? "1 collection" : `${groups.length} collections`;
    } catch (error) {
        said.textContent = `Nothing to show: ${error.message}`;
    }
});
