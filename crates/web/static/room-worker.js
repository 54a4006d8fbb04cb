// Opens the session room while the server is out of reach. Kept are the files that every page shares and a room with
// nothing in it; no page about a participant is ever kept. What was typed and not yet sent lies in the room's own
// store (room.js), not here.
"use strict";
const FILES = [/*FILES*/];
const EMPTY_ROOM = "/room-shell";
const STORE = "lifejacket-room " + FILES.join(" ");
// A server that does not answer within this is out of reach.
const PATIENCE_MS = 4000;

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(STORE).then((store) => store.addAll([...FILES, EMPTY_ROOM])));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("lifejacket-room") && name !== STORE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

function inTime(request) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("late")), PATIENCE_MS);
    fetch(request).then((reply) => {
      clearTimeout(late);
      // A proxy that stands before a dead server answers for it.
      if ([502, 503, 504].includes(reply.status)) reject(new Error(String(reply.status)));
      else resolve(reply);
    }, reject);
  });
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && /^\/participants\/[^/]+\/sessions\/\d+(\/|$)/.test(url.pathname)) {
    event.respondWith(inTime(request).catch(() => caches.match(EMPTY_ROOM)));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(caches.match(request).then((kept) => kept || fetch(request)));
  }
});
