/* What an issuer's page includes. Its only global is OpenBadges; docs/issuer-api.md describes it. */
(function () {
    "use strict";
    var MOST = 20, MOST_BYTES = 64 * 1024;

    function root() {
        var scripts = document.getElementsByTagName("script");
        for (var i = 0; i < scripts.length; i++) {
            var found = /^(.*\/)issuer\.js(?:[?#].*)?$/.exec(scripts[i].src);
            if (found) return found[1];
        }
        throw new Error("issuer script not found.");
    }

    function list(assertions) {
        return Array.isArray(assertions) ? assertions.map(String) : [String(assertions)];
    }

    /* As the backpack takes a text. */
    function tidy(text) {
        return text.replace(/\r\n?/g, "\n").replace(/^[ \t\n]+|[ \t\n]+$/g, "");
    }

    /* What there is to send of a list: each once. */
    function to_send(passed) {
        var all = passed.map(tidy).filter(function (text, i, every) { return text && every.indexOf(text) === i; });
        if (all.length > MOST) throw new Error("at most " + MOST + " assertions at once");
        if (new Blob(all).size > MOST_BYTES) throw new Error("at most 64 KiB of assertions at once");
        return all;
    }

    function by_form(assertions) {
        var form = document.createElement("form");
        function put(name, value) {
            var input = document.createElement("input");
            input.type = "hidden";
            input.name = name;
            input.value = value;
            form.appendChild(input);
        }
        form.method = "post";
        form.action = root() + "issuer/frameless";
        form.hidden = true;
        assertions.forEach(function (assertion) { put("assertions", assertion); });
        put("returnTo", location.href);
        document.body.appendChild(form);
        form.submit();
    }

    /* As if the learner had said no to what is left. */
    function denied(base, assertion) {
        return {
            assertion: assertion,
            reason: "DENIED",
            message: "The window was closed before this was decided.",
            report: base + "verify" + (assertion.length > 2048 ? "" : "?url=" + encodeURIComponent(assertion))
        };
    }

    function unread() {
        return {
            reason: "MALFORMED",
            message: "This is neither the address of a badge nor a signed badge.",
            report: root() + "verify"
        };
    }

    /* Says of each text, as it was passed, what the backpack said of it; of what it said nothing it could not read. */
    function tell(callback, passed, errors, successes) {
        function is_added(text) { return successes.indexOf(tidy(text)) >= 0; }
        if (!callback) return;
        callback(passed.filter(function (text) { return !is_added(text); }).map(function (text) {
            var said = errors.filter(function (error) { return error.assertion === tidy(text); })[0] || unread();
            return { assertion: text, reason: said.reason, message: said.message, report: said.report };
        }), passed.filter(is_added));
    }

    function by_window(opened, passed, assertions, callback) {
        var base = root();
        var origin = new URL(base, location.href).origin;
        var watch = setInterval(function () {
            if (opened.closed) end(assertions.map(function (a) { return denied(base, a); }), []);
        }, 300);
        function end(errors, successes) {
            clearInterval(watch);
            removeEventListener("message", hear);
            tell(callback, passed, errors, successes);
        }
        function hear(event) {
            if (event.source !== opened || event.origin !== origin || !event.data) return;
            if (event.data.openbadges === "ready")
                opened.postMessage({ openbadges: "assertions", assertions: assertions }, origin);
            if (event.data.openbadges === "result") end(event.data.errors, event.data.successes);
        }
        addEventListener("message", hear);
    }

    window.OpenBadges = {
        getRoot: root,

        issue: function (assertions, callback) {
            var passed = list(assertions);
            var all = to_send(passed);
            var opened;
            if (all.length === 0) {
                tell(callback, passed, [], []);
                return;
            }
            opened = window.open(root() + "issuer/frame", "_blank", "popup,width=720,height=820");
            if (opened) by_window(opened, passed, all, callback);
            else by_form(all);
        },

        issue_no_modal: function (assertions) {
            by_form(to_send(list(assertions)));
        },

        connect: function (options) {
            var url;
            if (!options || typeof options !== "object") throw new Error("options object expected");
            if (!Array.isArray(options.scope)) throw new Error("scope must be an array");
            try {
                url = new URL(options.callback, location.href).href;
            } catch (error) {
                throw new Error("callback must be a URL");
            }
            if (!options.callback) throw new Error("callback must be a URL");
            location.replace(root() + "access?callback=" + encodeURIComponent(url) +
                "&scope=" + encodeURIComponent(options.scope.join(",")) +
                (options.state === undefined ? "" : "&state=" + encodeURIComponent(options.state)));
        }
    };
})();
