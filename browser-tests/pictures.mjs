// Pictures of real screens for the documents: `node pictures.mjs PROGRAM FOLDER [pages|journeys]`. The journeys take those
// of a randomisation and of a dosing day on their way. README shows those that `docs/pictures` holds.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open, picture } from "./browser.mjs";

const [program, folder, only] = process.argv.slice(2);
process.env.PICTURES = folder;
const work = mkdtempSync(join(tmpdir(), "pictures-"));
const servers = [];

async function start(name, port, day) {
  const until = day ? ["--until", day] : [];
  const server = spawn(program, ["demo", "--data", join(work, name), "--listen", `127.0.0.1:${port}`, ...until], { stdio: "ignore" });
  servers.push(server);
  const base = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 240; tries += 1) {
    const up = await fetch(`${base}/healthz`).then((reply) => reply.ok, () => false);
    if (up) return base;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`${name} did not start`);
}

try {
  if (only !== "journeys") await pages();
  if (only !== "pages") await journeys();
} finally {
  for (const server of servers) server.kill();
  rmSync(work, { recursive: true, force: true });
}

async function journeys() {
  const enrolling = await start("enrolling", 8197, "2023-06-15");
  for (const script of ["journey.mjs", "dosing-day.mjs"]) {
    const run = spawnSync("node", [script, enrolling, join(work, "handover")], { stdio: "inherit" });
    if (run.status !== 0) throw new Error(`${script} failed: no pictures of it`);
  }
}

async function pages() {
  const base = await start("whole", 8198);
  const browser = await open();
  const page = await browser.newPage();
  const enter = (login) => page.goto(`${base}/enter/${login}`);
  await enter("s01-coordinator-1");
  await picture(page, "today", { height: 720 });
  await picture(page, "today-phone", { width: 390, height: 844 });
  await page.goto(`${base}/participants?phase=in_treatment`);
  await page.locator("main table a").first().click();
  await picture(page, "participant", { height: 640 });
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.locator("section:has(> #plan)").screenshot({ path: `${folder}/timeline.png` });
  await form(page, base);
  await enter("s01-pharmacist");
  await page.goto(`${base}/stock`);
  await picture(page, "stock", { height: 800 });
  await page.goto(`${base}/stock/S01/ledger`);
  await picture(page, "ledger", { height: 760 });
  await enter("data-manager");
  await page.goto(`${base}/analysis`);
  await picture(page, "analysis", { height: 860 });
  await enter("s01-investigator");
  await page.goto(`${base}/trial`);
  await picture(page, "trial", { height: 900 });
  await enter("participant");
  await picture(page, "me-phone", { width: 390, height: 844 });
  await browser.close();
}

/** A questionnaire half answered, with its score as it stands. */
async function form(page, base) {
  const code = (await page.locator("main h1").innerText()).trim();
  await page.goto(`${base}/participants/${code}/visits/V20/forms/pcl5`);
  for (let item = 1; item <= 20; item += 1) await page.locator(`[name="values.${item}"][value="${(item * 7) % 4}"]`).check();
  await page.getByText(/Draft kept at/).waitFor();
  await picture(page, "form", { height: 820 });
}
