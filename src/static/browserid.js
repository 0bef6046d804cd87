/* BrowserID for a site's pages: `navigator.id`, whose dialog is of the site that this script comes from, or of
 * data-dialog. An ordinary script, for pages that know no modules. */
(function () {
    "use strict";
    const script = document.currentScript;
    const dialog = script.dataset.dialog || new URL(script.src).origin;
    let popup = null;
    let watched = {};

    /* Calls back once, with an assertion, or with null when the window was closed. */
    function get(callback) {
        const at = dialog + "/browserid/dialog?origin=" + encodeURIComponent(location.origin);
        if (popup && !popup.closed) popup.close();
        const mine = (popup = window.open(at, "_blank", "popup,width=520,height=640"));
        if (!mine) return void setTimeout(callback, 0, null);
        const timer = setInterval(() => mine.closed && end(null), 200);
        window.addEventListener("message", hear);
        function hear(event) {
            if (event.origin === dialog && event.source === mine && event.data && "browserid" in event.data) end(event.data.browserid);
        }
        function end(assertion) {
            clearInterval(timer);
            window.removeEventListener("message", hear);
            if (!mine.closed) mine.close();
            callback(assertion);
        }
    }

    navigator.id = {
        get,
        /* Nobody is signed in without a click, so there is nothing to say before the first one. */
        watch(options) {
            watched = options;
            setTimeout(() => watched.onready && watched.onready(), 0);
        },
        request(options) {
            get((assertion) => {
                if (assertion !== null) watched.onlogin(assertion);
                else if (options && options.oncancel) options.oncancel();
            });
        },
        logout() {
            setTimeout(() => watched.onlogout && watched.onlogout(), 0);
        },
    };
})();
