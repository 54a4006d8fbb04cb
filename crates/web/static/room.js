// The session room: kept up to date by the server's events, and able to record what happens while the server is out of
// reach. Every form works without this script. The rules are the server's alone: nothing here decides.
(function () {
  "use strict";
  var body = document.body;
  var room = /^\/participants\/[^/]+\/sessions\/\d+/.exec(location.pathname);
  if (!body.classList.contains("in-room") || !room) { return; }
  var path = room[0];
  var shell = body.dataset.shell === "yes";
  // What is known of the room: who is signed in, the form's token, how far this device's clock is off.
  var known = {
    path: path, code: body.dataset.code || "", login: body.dataset.login || "", name: body.dataset.name || "",
    zone: body.dataset.zone || "UTC", dosed: Number(body.dataset.dosed) || null,
    offset: body.dataset.now ? Number(body.dataset.now) - Date.now() : 0, spread: 1000, synced: null, forms: "",
  };
  var token = body.dataset.token || "";
  var up = !shell, downSince = null, signedOut = false, stream = null, heard = Date.now(), loaded = Date.now();
  var waiting = {};
  var el = function (id) { return document.getElementById(id); };
  var all = function (query, within) { return Array.prototype.slice.call((within || document).querySelectorAll(query)); };

  // ---------- time ----------
  // The record's time: this device's clock, corrected by what was measured against the server.
  function now() { return Date.now() + known.offset; }
  function clock(ms, seconds) {
    var how = { hour: "2-digit", minute: "2-digit", timeZone: known.zone };
    if (seconds) { how.second = "2-digit"; }
    return new Intl.DateTimeFormat("en-GB", how).format(new Date(ms));
  }
  function minutes(ms) { var n = Math.floor(ms / 60000); return n > 0 ? "+" + n : n < 0 ? "\u2212" + -n : "0"; }
  function put(node, text) { if (node && node.textContent !== text) { node.textContent = text; } }
  function tick() {
    var at = now();
    if (known.dosed) { all("[data-minute]").forEach(function (n) { put(n, minutes(at - known.dosed)); }); }
    all("[data-clock]").forEach(function (n) { put(n, clock(at)); });
    all("[data-until]").forEach(function (n) {
      var left = Math.max(0, Number(n.dataset.until) - at), secs = Math.floor(left / 1000);
      put(n, secs < 300 ? Math.floor(secs / 60) + ":" + ("0" + secs % 60).slice(-2) : String(Math.ceil(left / 60000)));
    });
    if (shell) {
      put(el("shell-minute"), known.dosed ? minutes(at - known.dosed) : "\u2013");
      put(el("shell-clock"), known.synced ? "now " + clock(at) : "");
    }
  }

  // ---------- what is kept on the device ----------
  var opened = null;
  function store() {
    opened = opened || new Promise(function (resolve, reject) {
      var asked = indexedDB.open("lifejacket-room", 1);
      asked.onupgradeneeded = function () {
        asked.result.createObjectStore("held", { keyPath: "n", autoIncrement: true });
        asked.result.createObjectStore("rooms", { keyPath: "path" });
      };
      asked.onsuccess = function () { resolve(asked.result); };
      asked.onerror = function () { reject(asked.error); };
    });
    return opened;
  }
  // Writes, and comes back when it is on the disk: a battery may die the moment after.
  function write(name, act) {
    return store().then(function (db) {
      return new Promise(function (resolve, reject) {
        var deal = db.transaction(name, "readwrite", { durability: "strict" });
        var asked = act(deal.objectStore(name));
        deal.oncomplete = function () { resolve(asked.result); };
        deal.onerror = deal.onabort = function () { reject(deal.error); };
      });
    });
  }
  function read(name, key) {
    return store().then(function (db) {
      return new Promise(function (resolve, reject) {
        var from = db.transaction(name).objectStore(name);
        var asked = key === undefined ? from.getAll() : from.get(key);
        asked.onsuccess = function () { resolve(asked.result); };
        asked.onerror = function () { reject(asked.error); };
      });
    });
  }

  // ---------- saying ----------
  function say(words) { var at = el("said"); if (at) { at.textContent = ""; window.setTimeout(function () { at.textContent = words; }, 30); } }
  function make(tag, words, cls) {
    var node = document.createElement(tag);
    if (words) { node.textContent = words; }
    if (cls) { node.className = cls; }
    return node;
  }
  function link(href, words) { var a = make("a", words); a.href = href; return a; }
  // What became of a form, beside its button; it stays until the next.
  function told(form, words, bad, follows) {
    var at = form && form.querySelector(".form-said");
    if (!at) { return; }
    at.replaceChildren();
    if (!words) { return; }
    at.appendChild(make("p", words, bad ? "field-error" : "recorded"));
    if (follows && follows.length) {
      var list = make("ul", "", "follows");
      at.appendChild(make("p", "What follows from it:"));
      follows.forEach(function (line) { list.appendChild(make("li", line)); });
      at.appendChild(list);
    }
  }
  function unmark(form) {
    all(".wrong", form).forEach(function (n) { n.classList.remove("wrong"); });
    all(".field-error", form).forEach(function (n) { n.remove(); });
    all("[aria-invalid]", form).forEach(function (n) { n.removeAttribute("aria-invalid"); });
  }
  // Beside the field and in a summary over the form, as on every other page.
  function mark(form, wrong) {
    unmark(form);
    told(form, "");
    var at = form.querySelector(".form-said"), first = null;
    var box = make("div", "", "errors"), list = make("ul");
    box.setAttribute("role", "alert");
    box.appendChild(make("h2", wrong.length === 1 ? "One answer needs a look" : wrong.length + " answers need a look"));
    wrong.forEach(function (one) {
      var field = one.field && (form.elements[one.field] || form.elements["measures." + one.field]);
      if (field && field.length && !field.tagName) { field = field[0]; }
      var line = make("li");
      if (field && field.id) {
        line.appendChild(link("#" + field.id, one.words));
        field.setAttribute("aria-invalid", "true");
        var holder = field.closest(".field");
        if (holder) {
          holder.classList.add("wrong");
          holder.insertBefore(make("p", one.words, "field-error"), holder.children[1] || null);
        }
        first = first || field;
      } else { line.textContent = one.words; }
      list.appendChild(line);
    });
    box.appendChild(list);
    if (at) { at.appendChild(box); }
    if (first) { first.focus(); }
  }

  // ---------- the line to the server ----------
  function lineUp() { heard = Date.now(); if (!up || signedOut) { up = true; signedOut = false; downSince = null; flush(); } paint(); }
  function lineDown() { if (up) { up = false; downSince = now(); } paint(); }
  function ask(address, form) {
    var stop = new AbortController();
    var late = window.setTimeout(function () { stop.abort(); }, 8000);
    var how = { headers: { Accept: "application/json" }, credentials: "same-origin", cache: "no-store", signal: stop.signal };
    if (form) { how.method = "POST"; how.body = form; }
    return fetch(address, how).then(function (reply) {
      // A proxy before a dead server answers for it.
      if (reply.status === 502 || reply.status === 503 || reply.status === 504) { throw new Error(String(reply.status)); }
      return reply.json().catch(function () { return {}; }).then(function (said) { return { status: reply.status, ok: reply.ok, said: said }; });
    }).finally(function () { window.clearTimeout(late); });
  }
  // Measures the clock, learns the token, and tells the server that somebody is here.
  var syncedAt = 0;
  function sync() {
    var before = Date.now();
    return ask(path + "/clock").then(function (reply) {
      var after = Date.now();
      if (reply.ok) {
        var trip = after - before;
        if (trip <= known.spread || Math.abs(reply.said.now - (before + after) / 2 - known.offset) > trip + known.spread) {
          known.offset = Math.round(reply.said.now - (before + after) / 2);
          known.spread = trip;
        }
        syncedAt = after;
        hello(reply.said);
        lineUp();
      } else if (reply.status === 401 && reply.said.code === "LJ-401-L" && !shell) { lineUp(); lock(false); }
      else if (reply.status === 401) { up = true; signedOut = true; paint(); }
      else { lineUp(); }
      return reply;
    }, function () { lineDown(); return null; });
  }
  function hello(said) {
    token = said.token || token;
    known.dosed = said.dosed || null;
    known.synced = said.now || known.synced;
    if (!shell) { known.login = said.login || known.login; remember(); }
  }
  // For the room without the server: its forms and clocks, nothing of the participant beyond the code in its address and
  // the minute of the dose, which the count needs.
  var remembering = null;
  function remember() {
    window.clearTimeout(remembering);
    remembering = window.setTimeout(function () {
      var keep = Object.assign({}, known, { forms: outline() });
      write("rooms", function (rooms) { return rooms.put(keep); }).catch(function () {});
    }, 200);
  }
  function outline() {
    var parts = all("[data-offline]").filter(function (part) {
      return !part.closest("[data-live]") && !part.parentElement.closest("[data-offline]");
    }).map(function (part) {
      var copy = (part.content || part).cloneNode(true);
      all("[data-live]", copy).forEach(function (n) { n.remove(); });
      all("input[name=token], input[name=request]", copy).forEach(function (n) { n.value = ""; n.setAttribute("value", ""); });
      all("input:not([type=hidden]):not([type=radio]):not([type=checkbox])", copy).forEach(function (n) { n.removeAttribute("value"); });
      all(".form-said", copy).forEach(function (n) { n.replaceChildren(); });
      all(".wrong", copy).forEach(function (n) { n.classList.remove("wrong"); });
      var holder = document.createElement("div");
      holder.appendChild(copy);
      return holder.innerHTML;
    });
    return parts.length ? parts.join("") : known.forms;
  }

  // ---------- facts: kept first, then sent, in order, each once ----------
  function pairsOf(form, button) {
    var pairs = [];
    new FormData(form).forEach(function (value, name) { pairs.push([name, String(value)]); });
    if (button && button.name) { pairs.push([button.name, button.value]); }
    return pairs.filter(function (pair) {
      return pair[1] !== "" && ["token", "request", "at", "pin", "second_pin", "second_login", "unlock_pin"].indexOf(pair[0]) < 0;
    });
  }
  // A button's words without the keys that stand beside them.
  function nameOf(button) { return (button.firstChild && button.firstChild.nodeType === 3 ? button.firstChild.data : button.textContent).trim(); }
  function summary(form, pairs, button) {
    var words = [];
    pairs.forEach(function (pair) {
      var field = form.elements[pair[0]];
      if (button && pair[0] === button.name) { words.unshift(nameOf(button)); return; }
      var label = field && field.dataset && field.dataset.label;
      words.push((label ? label.toLowerCase() + " " : "") + pair[1]);
    });
    return words.join(", ");
  }
  // What can be seen to be wrong without the server: the study's own bounds, printed beside the field.
  function wrongIn(form) {
    var wrong = [], some = false, outside = false, values = {};
    all("input[data-min]", form).forEach(function (field) {
      var text = field.value.trim().replace(",", ".");
      if (!text) { return; }
      some = true;
      var value = Number(text);
      values[field.name] = value;
      if (!isFinite(value)) { wrong.push({ field: field.name, words: "\u201c" + field.value + "\u201d is not a number." }); }
      else if (!(form.elements.confirmed && form.elements.confirmed.checked) && (value < Number(field.dataset.min) || value > Number(field.dataset.max))) {
        outside = true;
        wrong.push({ field: field.name, words: field.value + " is outside " + field.dataset.min + " to " + field.dataset.max + ". Check the device, then type it again." });
      }
    });
    var confirm = form.querySelector(".confirm");
    if (confirm) { confirm.hidden = !outside && !form.elements.confirmed.checked; }
    var upper = values["measures.systolic"], lower = values["measures.diastolic"];
    if (upper <= lower && !wrong.length) { wrong.push({ field: "measures.systolic", words: "Systolic " + upper + " is not above diastolic " + lower + ". Check whether the two were swapped." }); }
    if (form.classList.contains("reading-form") && !some) {
      wrong.push({ field: form.querySelector("input[data-min]").name, words: "Give at least one value, or write on the timeline why it was not possible." });
    }
    return wrong;
  }
  function uuid() {
    if (crypto.randomUUID) { return crypto.randomUUID(); }
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), function (b) { return ("0" + b.toString(16)).slice(-2); }).join("");
  }
  function fact(form, button, action, says) {
    var wrong = wrongIn(form);
    if (wrong.length) { mark(form, wrong); return Promise.resolve(false); }
    unmark(form);
    var pairs = pairsOf(form, button);
    // A time that was typed over is when it happened, by the record's clock.
    var typed = form.elements.at, over = typed && typed.value && typed.value !== typed.defaultValue ? Date.parse(typed.value) : NaN;
    if (!isNaN(over)) { form.dataset.happened = new Date(over).toISOString(); form.dataset.device = new Date(over - known.offset).toISOString(); }
    var entry = {
      id: uuid(), path: path, action: action, says: says, what: summary(form, pairs, button), pairs: pairs,
      happened: form.dataset.happened || new Date(now()).toISOString(),
      device: form.dataset.device || new Date().toISOString(), offset: Number(form.dataset.offset) || known.offset, login: known.login, name: known.name, kept: Date.now(), stuck: "",
    };
    var replaces = Number(form.dataset.replaces) || 0;
    var answered = new Promise(function (resolve) { waiting[entry.id] = resolve; });
    return write("held", function (held) {
      if (replaces) { held.delete(replaces); }
      return held.add(entry);
    }).then(function () {
      ["replaces", "happened", "device", "offset"].forEach(function (name) { delete form.dataset[name]; });
      if (!form.dataset.keeps) { clear(form); }
      told(form, "Kept on this device, being sent.");
      // Nobody sits before a form while a dead line is tried.
      var slow = new Promise(function (resolve) { window.setTimeout(function () { resolve("slow"); }, up ? 4000 : 0); });
      paint();
      flush();
      return Promise.race([answered, slow]);
    }).then(function (answer) {
      delete waiting[entry.id];
      if (answer === "slow" || answer.held) { told(form, "Kept on this device since " + clock(Date.parse(entry.happened)) + ". Not yet sent."); say("Kept on this device, not yet sent"); return "held"; }
      if (answer.wrong) { refill(form, entry); mark(form, answer.wrong); return false; }
      var at = clock(Date.parse(entry.happened));
      told(form, "Recorded at " + at + ".", false, answer.follows);
      return true;
    }).catch(function (error) {
      // Nothing may be shown as held that is not on the disk.
      mark(form, [{ field: "", words: "This device can\u2019t keep it (" + error.message + "). Write it on paper, and enter it when the server is back." }]);
      return false;
    });
  }
  function clear(form) {
    all("input:not([type=hidden]):not([type=radio]):not([type=checkbox]), textarea", form).forEach(function (field) { field.value = ""; });
    all("input[type=checkbox]", form).forEach(function (field) { field.checked = false; });
    all(".confirm", form).forEach(function (label) { label.hidden = true; });
  }
  function refill(form, entry) {
    entry.pairs.forEach(function (pair) {
      var field = form.elements[pair[0]];
      if (!field) { return; }
      if (field.type === "checkbox") { field.checked = true; }
      else if (field.tagName !== "BUTTON" && !(field.length && !field.tagName && field[0].tagName === "BUTTON")) { field.value = pair[1]; }
    });
  }
  var sending = false, again = false;
  function flush() {
    if (sending) { again = true; return Promise.resolve(); }
    sending = true;
    var locks = navigator.locks;
    // One tab of this browser sends at a time, so that the order stays.
    var run = locks ? locks.request("lifejacket-room-send", pour) : pour();
    return Promise.resolve(run).catch(function () {}).then(function () {
      sending = false;
      paint();
      if (again) { again = false; return flush(); }
    });
  }
  function settle(entry, answer) { if (waiting[entry.id]) { waiting[entry.id](answer); delete waiting[entry.id]; } }
  function pour() {
    if (shell || signedOut || !token) { return Promise.resolve(); }
    return read("held").then(function (held) {
      var mine = held.filter(function (entry) { return entry.login === known.login && !entry.stuck; });
      return mine.reduce(function (before, entry) {
        return before.then(function (goOn) { return goOn ? send(entry, false) : settle(entry, { held: true }); });
      }, Promise.resolve(true));
    });
  }
  // Whether the next may be sent.
  function send(entry, twice) {
    var form = new URLSearchParams(entry.pairs);
    var late = Date.now() - entry.kept > 15000;
    form.set("token", token); form.set("request", entry.id); form.set("device_at", entry.device);
    form.set("clock_behind_ms", String(Math.round(entry.offset))); form.set("typed_by", entry.login);
    if (late || entry.unsigned) { form.set("kept", "yes"); }
    return ask(entry.action, form).then(function (reply) {
      var code = reply.said.code || "";
      if (reply.ok && reply.said.done) {
        return write("held", function (held) { return held.delete(entry.n); }).then(function () {
          lineUp();
          settle(entry, { follows: reply.said.follows || [] });
          if (late) { say("Sent: " + entry.says + " of " + clock(Date.parse(entry.happened))); }
          return true;
        });
      }
      if (code === "LJ-401-L") { lock(false); settle(entry, { held: true }); return false; }
      if (reply.status === 401) { signedOut = true; settle(entry, { held: true }); paint(); return false; }
      // The server was started anew, or somebody signed in anew: its token is another.
      if (code === "LJ-403-F" && !twice) { return sync().then(function () { return up && !signedOut ? send(entry, true) : false; }); }
      if (reply.status >= 500) { settle(entry, { held: true }); lineDown(); return false; }
      var wrong = reply.said.wrong || [{ field: "", words: reply.said.what || reply.said.error || "The server could not take it (" + reply.status + ")." }];
      if (waiting[entry.id]) {
        // Somebody sits before it: back into the form with it.
        return write("held", function (held) { return held.delete(entry.n); }).then(function () { settle(entry, { wrong: wrong }); return true; });
      }
      entry.stuck = wrong.map(function (one) { return one.words; }).join(" ");
      return write("held", function (held) { return held.put(entry); }).then(function () { return true; });
    }, function () { lineDown(); settle(entry, { held: true }); return false; });
  }

  // ---------- what is shown of the line ----------
  var painting = 0;
  function paint() {
    var turn = ++painting;
    read("held").then(function (held) {
      var line = el("line"), words = el("line-words"), list = el("held");
      if (turn !== painting || !line) { return; }
      var mine = held.filter(function (entry) { return entry.login === known.login && !entry.stuck; });
      var others = held.filter(function (entry) { return entry.login !== known.login && !entry.stuck; });
      var stuck = held.filter(function (entry) { return entry.stuck; });
      var count = function (n) { return n === 1 ? "1 entry is" : n + " entries are"; };
      var said = [];
      if (!up) {
        said.push("The server can\u2019t be reached" + (downSince ? " since " + clock(downSince) : "") + ".");
        said.push(known.synced ? "Last synced at " + clock(known.synced, true) + "." : "");
      } else if (signedOut) { said.push("You are signed out."); }
      else if (shell) { said.push("The server is back."); }
      if (mine.length) { said.push(count(mine.length) + " held on this device and not yet sent."); }
      else if (!up) { said.push("Nothing is held on this device."); }
      if (!up) { said.push("What has happened can be recorded. What has to be allowed needs the server."); }
      if (stuck.length) { said.push(count(stuck.length) + " not taken by the server and wait for you."); }
      if (others.length) { said.push(count(others.length) + " held for " + Array.from(new Set(others.map(function (e) { return e.name || e.login; }))).join(", ") + ", until they sign in here."); }
      // One that is on its way is no notice; one that stays is.
      var fresh = up && !signedOut && !shell && !stuck.length && !others.length && mine.every(function (e) { return Date.now() - e.kept < 3000; });
      line.hidden = fresh && !shell;
      body.classList.toggle("is-cut", !up);
      put(words, said.filter(Boolean).join(" "));
      words.querySelectorAll("a").forEach(function (a) { a.remove(); });
      if (signedOut) { words.append(" ", link(shell ? path : "/sign-in?back=" + encodeURIComponent(path), "Sign in to send")); }
      else if (shell && up) { words.append(" ", link(path, "Open the room")); }
      list.replaceChildren();
      if (line.hidden || body.classList.contains("is-locked")) { return; }
      var rows = make("ol", "", "held-list");
      held.forEach(function (entry) { rows.appendChild(heldRow(entry)); });
      if (held.length) { list.appendChild(rows); }
      if (fresh === false && mine.length && up) { window.setTimeout(paint, 3000); }
    }).catch(function () {});
  }
  function heldRow(entry) {
    var row = make("li"), at = Date.parse(entry.happened);
    row.dataset.held = entry.id;
    row.appendChild(make("b", clock(at) + (known.dosed ? " (" + minutes(at - known.dosed) + ")" : "") + " " + entry.says));
    row.appendChild(make("span", (entry.what ? ": " + entry.what : "") + ". " + (entry.stuck || "Not yet sent.") + " Device clock " + new Date(entry.device).toTimeString().slice(0, 8) + "."));
    if (entry.stuck) {
      var back = make("button", "Back into the form", "quick");
      back.addEventListener("click", function () {
        var form = all("form[data-fact]").find(function (f) { return f.getAttribute("action") === entry.action; });
        if (!form) { location.assign(entry.action); return; }
        refill(form, entry);
        form.dataset.replaces = entry.n; form.dataset.happened = entry.happened; form.dataset.device = entry.device; form.dataset.offset = entry.offset;
        form.scrollIntoView();
        var first = form.querySelector("input:not([type=hidden])");
        if (first) { first.focus(); }
      });
      row.append(" ", back);
    }
    return row;
  }

  // ---------- pages that change while one looks ----------
  function same(a, b) {
    if (a.nodeType !== b.nodeType || a.nodeName !== b.nodeName) { return false; }
    if (a.nodeType !== 1) { return true; }
    return (a.id || "") === (b.id || "") && (a.dataset.key || "") === (b.dataset.key || "");
  }
  // Turns what stands there into what should: nodes stay, so focus, typed text and opened details do too.
  function morph(from, to) {
    var a = from.firstChild, b = to.firstChild;
    while (b) {
      var next = b.nextSibling;
      if (!a) { from.appendChild(b); }
      else if (same(a, b)) { patch(a, b); a = a.nextSibling; }
      else {
        var ahead = a.nextSibling;
        while (ahead && !(b.nodeType === 1 && (b.id || b.dataset.key) && same(ahead, b))) { ahead = ahead.nextSibling; }
        if (ahead) {
          while (a !== ahead) { var gone = a; a = a.nextSibling; gone.remove(); }
          patch(a, b); a = a.nextSibling;
        } else { from.insertBefore(b, a); }
      }
      b = next;
    }
    while (a) { var rest = a; a = a.nextSibling; rest.remove(); }
  }
  function patch(a, b) {
    if (a.nodeType !== 1) { if (a.data !== b.data) { a.data = b.data; } return; }
    if (a.matches("input[name=request]")) { return; }
    Array.from(b.attributes).forEach(function (at) { if (a.getAttribute(at.name) !== at.value) { a.setAttribute(at.name, at.value); } });
    Array.from(a.attributes).forEach(function (at) {
      if (!b.hasAttribute(at.name) && !(at.name === "open" && a.nodeName === "DETAILS") && at.name !== "hidden") { a.removeAttribute(at.name); }
    });
    morph(a, b);
  }
  var lines = null, alarms = {};
  function draw(regions) {
    Object.keys(regions).forEach(function (name) {
      all('[data-live="' + name + '"]').forEach(function (at) {
        var fresh = document.createElement("template");
        fresh.innerHTML = regions[name];
        morph(at, fresh.content);
      });
    });
    if (regions.log !== undefined) { spoken(); filter(); }
    if (regions.alarms !== undefined) { alarmed(); }
    tick();
  }
  function spoken() {
    var now = all(".log li[data-key]"), fresh = [];
    var keys = {};
    now.forEach(function (line) {
      keys[line.dataset.key] = true;
      if (lines && !lines[line.dataset.key]) { fresh.push(line.textContent.trim().replace(/\s+/g, " ")); }
    });
    lines = keys;
    if (fresh.length) { say(fresh.length > 3 ? fresh.length + " new lines on the timeline" : fresh.join(". ")); }
  }
  function alarmed() {
    var now = {}, words = [];
    all("[data-alarm]").forEach(function (pin) {
      now[pin.dataset.alarm] = true;
      if (!alarms[pin.dataset.alarm]) { words.push(pin.textContent.trim().replace(/\s+/g, " ")); }
    });
    alarms = now;
    if (words.length) { put(el("alarmed"), words.join(" ")); tone(); }
    else if (!Object.keys(now).length) { put(el("alarmed"), ""); }
  }
  // Three short tones: the only sound, and for an alarm alone. Browsers allow it once the page was touched.
  var audio = null;
  function tone() {
    try {
      audio = audio || new AudioContext();
      [0, 0.4, 0.8].forEach(function (after) {
        var o = audio.createOscillator(), g = audio.createGain();
        g.gain.value = 0.15; o.frequency.value = 880;
        o.connect(g).connect(audio.destination);
        o.start(audio.currentTime + after); o.stop(audio.currentTime + after + 0.2);
      });
    } catch (error) { /* no sound on this device: the words stand there */ }
  }
  function listen() {
    if (shell || stream) { return; }
    stream = new EventSource(path + "/live");
    stream.addEventListener("room", function (event) {
      var said = JSON.parse(event.data);
      if (Math.abs(said.now - now()) > 2000 + known.spread) { sync(); }
      hello(said);
      if (body.classList.contains("is-locked") && !locked.byHand) { unlock(); }
      draw(said.regions);
      lineUp();
    });
    stream.addEventListener("locked", function (event) {
      heard = Date.now();
      lineUp();
      lock(false);
      var alarm = JSON.parse(event.data).alarm;
      if (alarm && !locked.alarm) { put(el("alarmed"), "Alarm in the room: go on with your PIN."); tone(); }
      locked.alarm = alarm;
      put(el("locked-alarm"), alarm ? "There is an alarm in the room." : "");
    });
    stream.addEventListener("gone", function () { close(); signedOut = true; paint(); });
    stream.onerror = function () { close(); sync().then(function (reply) { if (reply && reply.ok) { listen(); } }); };
  }
  function close() { if (stream) { stream.close(); stream = null; } }
  // The server says something every quarter of a minute; silence means that the line is cut somewhere in between.
  var turns = 0;
  function watch() {
    if (stream && Date.now() - heard > 25000) { close(); }
    // Somebody may have signed in elsewhere in this browser: who is signed out asks now and then.
    turns += 1;
    if (!stream && (!signedOut || turns % 5 === 0)) {
      sync().then(function (reply) {
        if (!reply || !reply.ok) { return; }
        if (!shell) { listen(); }
        else if (!all("#shell-forms input:not([type=hidden])").some(function (field) { return field.type !== "radio" && field.type !== "checkbox" && field.value; })) { location.reload(); }
      });
    }
  }

  // ---------- the lock: nothing clinical, and what was typed still there ----------
  var locked = { byHand: false, alarm: false };
  var touched = Date.now();
  function lock(byHand) {
    locked.byHand = byHand || locked.byHand;
    if (byHand) { sessionStorage.setItem("lifejacket.locked", "yes"); }
    if (body.classList.contains("is-locked")) { return; }
    body.classList.remove("is-bare");
    var over = make("main", "", "page"), form = make("form", "", "narrow");
    over.id = "locked";
    form.setAttribute("aria-labelledby", "locked-title");
    var title = make("h1", "Locked after a pause"); title.id = "locked-title";
    var alarm = make("p", "", "is-stop"); alarm.id = "locked-alarm";
    var label = make("label", "Your PIN", "field-label"); label.htmlFor = "locked-pin";
    var pin = make("input", "", "input w-5");
    pin.id = "locked-pin"; pin.type = "password"; pin.inputMode = "numeric"; pin.autocomplete = "off";
    var said = make("p", "", "field-error");
    var go = make("button", "Go on", "button"); go.type = "submit";
    var bare = make("button", "Record without the server", "button button-second"); bare.type = "button"; bare.id = "locked-bare";
    var acts = make("div", "", "actions"); acts.append(go, bare);
    form.append(title, make("p", known.name + ". Nothing was lost: what was typed is still here."), alarm);
    if (body.dataset.click !== "yes") { form.append(label, pin); }
    form.append(said, acts);
    form.addEventListener("submit", function (event) {
      event.preventDefault(); event.stopPropagation();
      var sent = new URLSearchParams();
      sent.set("token", token); sent.set("unlock_pin", pin.value);
      ask("/locked", sent).then(function (reply) {
        if (reply.ok) { unlock(); sync(); return; }
        if (reply.said.code === "LJ-403-F") { return sync().then(function () { put(said, "Once more, please."); }); }
        if (reply.status === 401 && reply.said.code !== "LJ-401-L") { signedOut = true; unlock(); body.classList.add("is-bare"); paint(); return; }
        put(said, reply.said.detail || reply.said.what || "That was not it.");
        pin.value = ""; pin.focus();
      }, function () { lineDown(); put(said, "The server is needed to check the PIN, and can\u2019t be reached. What has happened can be recorded without it."); });
    });
    bare.addEventListener("click", function () { unlock(); body.classList.add("is-bare"); });
    over.appendChild(form);
    body.appendChild(over);
    locked.focus = document.activeElement;
    body.classList.add("is-locked");
    (body.dataset.click === "yes" ? go : pin).focus();
    paint();
  }
  function unlock() {
    var over = el("locked");
    if (over) { over.remove(); }
    locked.byHand = false;
    sessionStorage.removeItem("lifejacket.locked");
    body.classList.remove("is-locked", "is-bare");
    touched = Date.now();
    if (locked.focus && locked.focus.focus) { locked.focus.focus(); }
    paint();
  }

  // ---------- forms ----------
  document.addEventListener("submit", function (event) {
    var form = event.target, button = event.submitter, kind = form.dataset;
    if ("seek" in kind) { event.preventDefault(); filter(); return; }
    if (kind.fact) {
      event.preventDefault();
      var asks = button && (button.dataset.unit && !form.elements.number.value.trim() ? "number" : "words" in button.dataset && !form.elements.text.value.trim() ? "text" : "");
      if (asks) {
        form.dataset.code = button.value; form.dataset.words = nameOf(button);
        told(form, nameOf(button) + (asks === "number" ? ": how many " + button.dataset.unit + "?" : ": in words.") + " Then Enter.");
        form.elements[asks].focus();
        return;
      }
      if (button && "fallback" in button.dataset && form.dataset.code) {
        button = { name: "code", value: form.dataset.code, textContent: form.dataset.words };
      }
      delete form.dataset.code;
      fact(form, button, form.getAttribute("action"), kind.fact);
    } else if (kind.ask) {
      event.preventDefault();
      var sent = new URLSearchParams(new FormData(form));
      if (button && button.name) { sent.set(button.name, button.value); }
      sent.set("token", token); sent.set("request", uuid());
      ask(form.getAttribute("action"), sent).then(function (reply) {
        all("input[type=password]", form).forEach(function (field) { field.value = ""; });
        if (reply.ok) { told(form, "Recorded."); }
        else { mark(form, reply.said.wrong || [{ field: "", words: reply.said.what || "It was not taken." }]); }
      }, function () { lineDown(); mark(form, [{ field: "", words: "A PIN is checked by the server, and it can\u2019t be reached. Who is signed in here can record that they come or go." }]); });
    } else if (kind.keeps || kind.waits) {
      event.preventDefault();
      var action = form.getAttribute("action");
      sync().then(function (reply) {
        if (reply) {
          // The page as the server draws it; what was typed stays in it.
          if (button && button.name) { var more = make("input"); more.type = "hidden"; more.name = button.name; more.value = button.value; form.appendChild(more); }
          if (reply.ok && form.elements.token) { form.elements.token.value = token; }
          HTMLFormElement.prototype.submit.call(form);
        } else if (kind.keeps) {
          fact(form, button, action, kind.keeps).then(function (done) { if (done) { location.assign(kind.after || path); } });
        } else {
          var said = form.querySelector(".form-said") || form.insertBefore(make("div", "", "form-said"), form.firstChild);
          told(form, "");
          said.appendChild(make("p", kind.waits + ": this has to be allowed or signed, and that needs the server. It can\u2019t be reached now. Nothing was recorded. Wait for it; what has happened can be recorded meanwhile.", "field-error needs-server"));
          said.setAttribute("role", "alert");
        }
      });
    }
  });

  // A field that can hold no further digit hands on to the next.
  document.addEventListener("input", function (event) {
    var field = event.target;
    if (!field.dataset || !field.dataset.max || !field.closest(".reading-form")) { return; }
    var text = field.value.replace(",", ".");
    var full = field.dataset.digits === "1" ? /\.\d/.test(text) : /^\d+$/.test(text) && Number(text) * 10 > Number(field.dataset.max);
    if (!full) { return; }
    var fields = all("input[data-max]", field.form).filter(function (f) { return f.offsetParent; });
    var next = fields[fields.indexOf(field) + 1];
    if (next && !next.value) { next.focus(); }
  });

  // Two keys write a note where no field is being typed in; V goes to the reading. It can be switched off.
  var first = "";
  function keysOn() { return localStorage.getItem("lifejacket.keys") !== "off"; }
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !keysOn() || body.classList.contains("is-locked")) { return; }
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.nodeName) || event.key.length !== 1) { return; }
    var pressed = first + event.key.toLowerCase();
    var button = all(".note-pad [data-keys]").find(function (b) { return b.dataset.keys === pressed; });
    var begins = all(".note-pad [data-keys]").some(function (b) { return b.dataset.keys.indexOf(pressed) === 0; });
    if (button) { first = ""; event.preventDefault(); button.click(); }
    else if (begins) { first = pressed; event.preventDefault(); window.setTimeout(function () { if (first === pressed) { first = ""; } }, 2000); }
    else { first = ""; }
  });
  document.addEventListener("click", function (event) {
    var at = event.target.closest ? event.target : null;
    if (!at) { return; }
    var show = at.closest("[data-show]");
    if (show) {
      event.preventDefault();
      all("[data-show]").forEach(function (a) { if (a === show) { a.setAttribute("aria-current", "true"); } else { a.removeAttribute("aria-current"); } });
      filter();
    }
    if (at.closest("#lock-now")) { event.preventDefault(); lock(true); }
    var keys = at.closest("[data-keys-switch]");
    if (keys) { localStorage.setItem("lifejacket.keys", keysOn() ? "off" : "on"); keysSay(); }
  });
  function keysSay() { all("[data-keys-switch]").forEach(function (b) { put(b, keysOn() ? "Two keys write a note: on" : "Two keys write a note: off"); b.setAttribute("aria-pressed", String(keysOn())); }); }
  function filter() {
    var current = document.querySelector("[data-show][aria-current]"), find = el("find");
    var kind = current ? current.dataset.show : "", words = find ? find.value.trim().toLowerCase() : "";
    all(".log li[data-key]").forEach(function (line) {
      line.hidden = Boolean(kind && line.dataset.kind !== kind) || Boolean(words && line.textContent.toLowerCase().indexOf(words) < 0);
    });
  }
  document.addEventListener("input", function (event) { if (event.target.id === "find") { filter(); } });

  // ---------- from here on ----------
  ["pointerdown", "keydown", "scroll"].forEach(function (name) {
    document.addEventListener(name, function () {
      touched = Date.now();
      if (up && !shell && touched - syncedAt > 60000 && !body.classList.contains("is-locked")) { syncedAt = touched; sync(); }
    }, { passive: true });
  });
  window.setInterval(function () {
    var idle = Number(body.dataset.lockSeconds || 900);
    if (idle > 0 && Date.now() - touched > idle * 1000) { if (shell) { body.classList.add("is-veiled"); } else { lock(true); } }
  }, 5000);
  if (shell) { document.addEventListener("pointerdown", function () { body.classList.remove("is-veiled"); }); }
  window.addEventListener("online", watch);
  window.addEventListener("offline", function () { close(); lineDown(); });
  window.setInterval(tick, 1000);
  window.setInterval(watch, 2000);
  if (navigator.serviceWorker) { navigator.serviceWorker.register("/room-worker.js", { scope: "/participants/" }).catch(function () {}); }
  if (navigator.storage && navigator.storage.persist) { navigator.storage.persist().catch(function () {}); }
  keysSay();
  lines = null;
  spoken(); alarmed(); tick();
  if (sessionStorage.getItem("lifejacket.locked") === "yes" && !shell) { lock(true); }
  if (shell) {
    read("rooms", path).then(function (kept) {
      if (!kept) { el("shell-none").hidden = false; paint(); return; }
      Object.assign(known, kept);
      put(el("shell-code"), known.code);
      put(el("shell-session"), "Session " + path.split("/").pop() + ", as " + known.name);
      el("shell-forms").innerHTML = kept.forms;
      tick(); paint();
    }).catch(function () { el("shell-none").hidden = false; }).then(watch);
  } else {
    read("rooms", path).then(function (kept) { if (kept) { known.forms = kept.forms; } }).catch(function () {}).then(function () {
      remember();
      return sync();
    }).then(function () { listen(); flush(); });
  }
}());
