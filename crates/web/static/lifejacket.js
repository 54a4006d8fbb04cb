// Lifejacket: what the pages can do better with a script. Every page works without it.
(function () {
  "use strict";

  // Focus goes to what the server has to say about the form.
  var answer = document.getElementById("errors") || document.getElementById("answer");
  if (answer) { answer.focus(); }

  // A form is sent once, however often the button is pressed; the server would notice a repeat as well.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    // The session room sends its own forms, each with an id of its own.
    if (form.dataset.fact || form.dataset.ask || form.dataset.keeps || form.dataset.waits || "seek" in form.dataset) { return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    window.setTimeout(function () { delete form.dataset.sent; }, 4000);
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
  });

  // Drafts are kept by the server while one types, and the score comes back with them. The scoring is the
  // server's alone: nothing here knows an instrument.
  document.querySelectorAll("form[data-draft]").forEach(function (form) {
    var waiting = null, running = false, again = false;
    var score = document.getElementById("score");
    var saved = document.getElementById("saved");
    function send() {
      if (running) { again = true; return; }
      running = true;
      var body = new URLSearchParams(new FormData(form));
      ["pin", "second_pin", "second_login"].forEach(function (name) { body.delete(name); });
      fetch(form.dataset.draft, { method: "POST", body: body, credentials: "same-origin", headers: { "Accept": "application/json" } })
        .then(function (reply) { if (!reply.ok) { throw new Error(String(reply.status)); } return reply.json(); })
        .then(function (reply) {
          if (saved) { saved.textContent = reply.saved; }
          if (score && typeof reply.score === "string") { score.innerHTML = reply.score; }
        })
        .catch(function () { if (saved) { saved.textContent = "Not kept just now. What you typed is still on this page."; } })
        .finally(function () { running = false; if (again) { again = false; send(); } });
    }
    form.addEventListener("input", function (event) {
      if (event.target.type === "password") { return; }
      window.clearTimeout(waiting);
      waiting = window.setTimeout(send, 250);
    });
  });

  // After a pause the page goes behind the PIN, with its draft kept.
  var idle = Number(document.body.dataset.idleSeconds || 0);
  if (idle > 0) {
    var last = Date.now();
    ["pointerdown", "keydown", "scroll"].forEach(function (name) {
      document.addEventListener(name, function () { last = Date.now(); }, { passive: true });
    });
    window.setInterval(function () {
      if (Date.now() - last > idle * 1000) {
        window.location.assign("/locked?back=" + encodeURIComponent(window.location.pathname + window.location.search));
      }
    }, 5000);
  }
})();
